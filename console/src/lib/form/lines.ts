/** Lists that people enter one item per line. Pure. */

/** Splits a text into trimmed lines without empty ones. `keepEmpty`: returns them unchanged, for
 *  while the user types. */
export function splitLines(text: string, { keepEmpty = false } = {}): string[] {
  const lines = text.split('\n')
  return keepEmpty ? lines : lines.map((line) => line.trim()).filter(Boolean)
}

/** Parses `NAME=value` lines; returns the number of the first invalid line. */
export function parseVariables(text: string): Record<string, string> | number {
  const found: Record<string, string> = {}
  for (const [place, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const equals = line.indexOf('=')
    const name = line.slice(0, equals).trim()
    if (equals < 1 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return place + 1
    found[name] = line.slice(equals + 1)
  }
  return found
}

export function formatVariables(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')
}
