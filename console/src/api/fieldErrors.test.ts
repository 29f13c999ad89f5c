import { describe, expect, it, vi } from 'vitest'
import * as en from '../i18n/en'
import * as zh from '../i18n/zh'
import { type FieldErrors, localizeFieldErrors } from './fieldErrors'

type Code = keyof typeof en.fieldErrors
const fieldError = (code: string, params: Record<string, unknown> = {}) => ({
  code: code as Code,
  params,
})

vi.mock('../i18n', async () => ({ locale: 'en-US', strings: await import('../i18n/en') }))

describe('what is wrong with a field', () => {
  it('is said by its code, with the values in it', () => {
    const errors = { 'pipeline.0.name': ['Longer than maximum length 20000.', 'is odd'] }
    const codes: FieldErrors = {
      'pipeline.0.name': [fieldError('too_long', { max: 20_000 }), fieldError('blank')],
    }
    expect(localizeFieldErrors(errors, codes)).toEqual({
      'pipeline.0.name': ['Maximum length: 20,000.', "Can't be blank."],
    })
  })
  it('is said in the server’s words where the code is not known, or there is none', () => {
    const errors = { name: ['is new', 'is old', 'is odd'] }
    const codes = { name: [fieldError('of_next_year'), fieldError('constructor')] }
    expect(localizeFieldErrors(errors, codes)).toEqual(errors)
    expect(localizeFieldErrors(errors)).toEqual(errors)
  })
  it('has words in Chinese for each code, with no values that the English words have not', () => {
    expect(Object.keys(zh.fieldErrors)).toEqual(Object.keys(en.fieldErrors))
    for (const [code, words] of Object.entries(zh.fieldErrors)) {
      if (typeof words === 'string') continue
      expect(typeof en.fieldErrors[code as Code], code).toBe('function')
      const english = valuesIn(en.fieldErrors[code as Code])
      expect(english, code).toEqual(expect.arrayContaining(valuesIn(words)))
    }
  })
})

/** Returns the names of the values that a text inserts. */
function valuesIn(words: (typeof en.fieldErrors)[Code]): string[] {
  return [...String(words).matchAll(/of\.(\w+)/g)].map(([, name]) => String(name)).sort()
}
