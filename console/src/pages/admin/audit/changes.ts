/** A changed field of an audit entry. Names of nested fields are joined with dots. */
export type Change = { field: string; before: string | null; after: string | null }
type Values = Record<string, unknown> | null

export function changesOf(before: Values, after: Values): Change[] {
  const was = flatten(before)
  const became = flatten(after)
  const fields = [...new Set([...was.keys(), ...became.keys()])].sort()
  return fields.map((field) => ({
    field,
    before: was.get(field) ?? null,
    after: became.get(field) ?? null,
  }))
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
