/** Lists as people write them, one a line. Pure. */

/** The lines; without space around them, and without empty ones but where they are kept, which is
 *  while somebody types. */
export function splitLines(text: string, { keepEmpty = false } = {}): string[] {
  const lines = text.split('\n')
  return keepEmpty ? lines : lines.map((line) => line.trim()).filter(Boolean)
}

/** `NAME=value` lines as a mapping; or the number of the first line that is none. */
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
