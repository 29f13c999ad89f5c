import { expect, it } from 'vitest'
import { highlightRuns } from './highlight'

const highlightedTexts = (texts: string[], words: string) =>
  highlightRuns(
    texts.map((text) => ({ text, style: {} })),
    words,
  ).map(({ text, isFound }) => (isFound ? `[${text}]` : text))

it.each([
  [['an error here'], 'ERROR', ['an ', '[error]', ' here']],
  [['an er', 'ror here'], 'error', ['an ', '[er]', '[ror]', ' here']],
  [['aaaa'], 'aa', ['[aa]', '[aa]']],
  [['nothing'], 'x', ['nothing']],
  [['all'], '', ['all']],
  [['ab', 'cd'], 'abcd', ['[ab]', '[cd]']],
])('%j by %s', (texts, words, parts) => {
  expect(highlightedTexts(texts, words)).toEqual(parts)
})
