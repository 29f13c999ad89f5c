/** Returns the URL that a link in a terminal or log can lead to; null unless it is a plain web
 *  address: no scripts, files or other programs, no names or passwords in it. */
export function safeLink(text: string): string | null {
  try {
    const url = new URL(text)
    const isWeb = url.protocol === 'http:' || url.protocol === 'https:'
    return isWeb && !url.username && !url.password ? url.href : null
  } catch {
    return null
  }
}
