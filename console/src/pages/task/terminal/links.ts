/** The address that a link in a terminal or a log may lead to; null for what is no plain web
 *  address: scripts, files, other programs, names and passwords in it. */
export function safeLink(text: string): string | null {
  try {
    const url = new URL(text)
    const isWeb = url.protocol === 'http:' || url.protocol === 'https:'
    return isWeb && !url.username && !url.password ? url.href : null
  } catch {
    return null
  }
}
