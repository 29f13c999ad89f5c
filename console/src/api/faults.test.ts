import { describe, expect, it, vi } from 'vitest'
import * as en from '../words/en'
import * as zh from '../words/zh'
import { type CodesByField, inWords } from './faults'

type Code = keyof typeof en.faults
const coded = (code: string, params: Record<string, unknown> = {}) => ({
  code: code as Code,
  params,
})

vi.mock('../words', async () => ({ locale: 'en-GB', words: await import('../words/en') }))

describe('what is wrong with a field', () => {
  it('is said by its code, with the values in it', () => {
    const errors = { 'pipeline.0.name': ['Longer than maximum length 20000.', 'is odd'] }
    const codes: CodesByField = {
      'pipeline.0.name': [coded('too_long', { max: 20_000 }), coded('blank')],
    }
    expect(inWords(errors, codes)).toEqual({
      'pipeline.0.name': ['At most 20,000 long.', 'This may not be blank.'],
    })
  })
  it('is said in the server’s words where the code is not known, or there is none', () => {
    const errors = { name: ['is new', 'is old', 'is odd'] }
    const codes = { name: [coded('of_next_year'), coded('constructor')] }
    expect(inWords(errors, codes)).toEqual(errors)
    expect(inWords(errors)).toEqual(errors)
  })
  it('has words in Chinese for each code, with no values that the English words have not', () => {
    expect(Object.keys(zh.faults)).toEqual(Object.keys(en.faults))
    for (const [code, words] of Object.entries(zh.faults)) {
      if (typeof words === 'string') continue
      expect(typeof en.faults[code as Code], code).toBe('function')
      const english = valuesIn(en.faults[code as Code])
      expect(english, code).toEqual(expect.arrayContaining(valuesIn(words)))
    }
  })
})

/** The values that the words have in them. */
function valuesIn(words: (typeof en.faults)[Code]): string[] {
  return [...String(words).matchAll(/of\.(\w+)/g)].map(([, name]) => String(name)).sort()
}
