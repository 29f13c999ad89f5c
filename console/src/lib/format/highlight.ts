/** Splits `text` into chunks and marks those that match a word of `q`, ignoring case. */
export function highlightMatches(text: string, q: string): { text: string; isHit: boolean }[] {
  const wanted = q.split(/\s+/).filter(Boolean).map(escapeRegExp)
  if (wanted.length === 0) return [{ text, isHit: false }]
  return text
    .split(new RegExp(`(${wanted.join('|')})`, 'iu'))
    .map((piece, place) => ({ text: piece, isHit: place % 2 === 1 }))
    .filter((piece) => piece.text !== '')
}

function escapeRegExp(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
