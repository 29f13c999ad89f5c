import { expect, it } from 'vitest'
import { seen } from './seen'

it.each([
  ['if (admin\u202e \u2066// only\u2069) {', 'if (admin⟨U+202E⟩ ⟨U+2066⟩// only⟨U+2069⟩) {'],
  ['pass\u200bword', 'pass⟨U+200B⟩word'],
  ['README\u202egpj.sh', 'README⟨U+202E⟩gpj.sh'],
  ['grüße 你好 👩‍💻 می‌خواهم', 'grüße 你好 👩‍💻 می‌خواهم'],
])('%j is shown as %j', (text, shown) => expect(seen(text)).toBe(shown))
