import { describe, expect, it } from 'vitest'
import * as enIndex from './en'
import { waits as enWaits } from './en/waits'
import * as zhIndex from './zh'
import { waits as zhWaits } from './zh/waits'

const en = { ...enIndex, waits: enWaits }
const zh = { ...zhIndex, waits: zhWaits }

type TextEntry = [path: string, text: string]

/** Collects every text of a catalog; calls functions with 1 for each argument. */
function collectTexts(words: unknown, path = ''): TextEntry[] {
  if (typeof words === 'string') return [[path, words]]
  if (typeof words === 'function') {
    try {
      return collectTexts(words(...Array(words.length).fill(1)), path)
    } catch {
      return [] // it needs other arguments; reviewed by hand
    }
  }
  if (typeof words !== 'object' || words === null) return []
  return Object.entries(words).flatMap(([name, inner]) => collectTexts(inner, `${path}.${name}`))
}

const LATIN = /^[\s\d\p{P}\p{S}]*$/u

describe('the catalogues', () => {
  it('say nothing in English where they speak Chinese, but for names', () => {
    const english = new Map(collectTexts(en))
    const left = collectTexts(zh).filter(
      ([path, text]) =>
        text === english.get(path) && !LATIN.test(text) && /[a-z]{2} [a-z]{2}/i.test(text),
    )
    expect(left).toEqual([])
  })
  it('have nothing empty', () => {
    expect(
      [...collectTexts(en), ...collectTexts(zh)].filter(([, text]) => text.trim() === ''),
    ).toEqual([])
  })
  it('shout at nobody', () => {
    // Label selectors use `!`.
    const loud = [...collectTexts(en), ...collectTexts(zh)].filter(([, text]) =>
      /\p{L}[!！](\s|$)|\b(oops|please)\b/iu.test(text),
    )
    expect(loud).toEqual([])
  })
})
