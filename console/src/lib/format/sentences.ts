/** Joins sentences to a paragraph. Chinese has no spaces between them. */
export function joinSentences(sentences: readonly string[], locale: string): string {
  return sentences.join(locale.startsWith('zh') ? '' : ' ')
}
