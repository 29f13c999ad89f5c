import { expect, it } from 'vitest'
import { joinSentences } from './sentences'

it.each([
  ['en-US', ['Asked 1 min ago.', 'No deadline.'], 'Asked 1 min ago. No deadline.'],
  ['zh-CN', ['1 分钟前提问。', '没有期限。'], '1 分钟前提问。没有期限。'],
])('sentences follow each other in %s', (locale, sentences, text) => {
  expect(joinSentences(sentences, locale)).toBe(text)
})
