import { expect, it } from 'vitest'
import { parseBlocks } from './markdown'

it('takes ordinary texts apart', () => {
  const types = parseBlocks('# Head\n\n- one\n  - two\n\n> said **so**')?.map(({ type }) => type)
  expect(types).toEqual(['heading', 'space', 'list', 'space', 'blockquote'])
})

it.each([
  ['quotes without an end', '>'.repeat(20_000)],
  ['lists without an end', `${'- '.repeat(10_000)}a`],
  ['numbers without an end', `${'1. '.repeat(6000)}a`],
  ['what can be taken apart, and not be drawn', `${'>'.repeat(300)}a`],
  ['more than anybody reads', 'a\n'.repeat(40_000)],
])('shows %s as they are', (_what, text) => expect(parseBlocks(text)).toBe(null))
