/** Characters that turn the order of others around, or that nobody sees: code that has them reads
 *  otherwise than it runs, and a file's name is not what it seems. */
const UNSEEN = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g

/** The text with each of them named in its place: `⟨U+202E⟩`. */
export function seen(text: string): string {
  return text.replace(UNSEEN, (one) => `⟨U+${codeOf(one)}⟩`)
}

function codeOf(one: string): string {
  return one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
}
