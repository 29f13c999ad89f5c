import { expect, it } from 'vitest'
import { formatList, joinSentences } from './sentences'

it.each([
  ['en-US', ['Asked 1 min ago.', 'No deadline.'], 'Asked 1 min ago. No deadline.'],
  ['zh-CN', ['1 分钟前提问。', '没有期限。'], '1 分钟前提问。没有期限。'],
])('sentences follow each other in %s', (locale, sentences, text) => {
  expect(joinSentences(sentences, locale)).toBe(text)
})

it.each([
  ['en-US', ['heron', 'tern', 'kite'], 'heron, tern, and kite'],
  ['zh-CN', ['heron', 'tern', 'kite'], 'heron、tern 和 kite'],
  ['zh-CN', ['机器', '项目'], '机器和项目'],
])('names in %s: %o', (locale, names, text) => {
  expect(formatList(names, locale)).toBe(text)
})
