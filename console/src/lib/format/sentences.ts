/** Joins sentences to a paragraph. Chinese has no spaces between them. */
export function joinSentences(sentences: readonly string[], locale: string): string {
  return sentences.join(locale.startsWith('zh') ? '' : ' ')
}

/** Joins names as a sentence does, in Chinese with spaces beside Latin ones. */
export function formatList(
  names: string[],
  locale: string,
  type: 'conjunction' | 'disjunction' = 'conjunction',
): string {
  const list = new Intl.ListFormat(locale, { type }).format(names)
  if (!locale.startsWith('zh')) return list
  return list.replace(/[\w)](?=\p{Script=Han})|\p{Script=Han}(?=\w)/gu, '$& ')
}
