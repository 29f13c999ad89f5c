/** A value as text: as recorded, and with names in place of machines' IDs. */
export type NamedText = { text: string; named: string }
/** A changed field of an audit entry. Names of nested fields are joined with dots. */
export type Change = { field: string; before: NamedText | null; after: NamedText | null }
type Values = Record<string, unknown> | null
type Names = Record<string, string>

export function changesOf(before: Values, after: Values, names: Names = {}): Change[] {
  const was = flatten(before)
  const became = flatten(after)
  const fields = [...new Set([...was.keys(), ...became.keys()])].sort()
  const nameIn = (text: string | undefined): NamedText | null =>
    text === undefined ? null : { text, named: replaceIds(text, names) }
  return fields.map((field) => ({
    field: replaceIds(field, names),
    before: nameIn(was.get(field)),
    after: nameIn(became.get(field)),
  }))
}

function replaceIds(text: string, names: Names): string {
  return Object.entries(names).reduce((named, [id, name]) => named.replaceAll(id, name), text)
}

function flatten(
  values: unknown,
  path = '',
  into = new Map<string, string>(),
): Map<string, string> {
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
    for (const [name, inner] of Object.entries(values)) {
      flatten(inner, path ? `${path}.${name}` : name, into)
    }
  } else if (path) {
    into.set(path, typeof values === 'string' ? values : JSON.stringify(values))
  }
  return into
}
