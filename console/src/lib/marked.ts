/** `text` in pieces, those that are one of the words of `q` marked, in any letter case. */
export function marked(text: string, q: string): { text: string; isHit: boolean }[] {
  const wanted = q.split(/\s+/).filter(Boolean).map(escaped)
  if (wanted.length === 0) return [{ text, isHit: false }]
  return text
    .split(new RegExp(`(${wanted.join('|')})`, 'iu'))
    .map((piece, place) => ({ text: piece, isHit: place % 2 === 1 }))
    .filter((piece) => piece.text !== '')
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
