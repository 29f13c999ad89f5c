/** Formats labels as text, one `name=value` per line. */
export function formatLabels(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')
}

/** Parses labels, one per line. A line without `=` is a name with an empty value. */
export function parseLabels(text: string): Record<string, string> {
  const lines = text.split('\n').map((line) => line.trim())
  return Object.fromEntries(lines.filter(Boolean).map(parseLabel))
}

function parseLabel(line: string): [string, string] {
  const at = line.indexOf('=')
  return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
}
