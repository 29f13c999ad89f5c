import { describe, expect, it, vi } from 'vitest'
import { gate } from '../../i18n/en/gate'
import { optionsOf } from './answerOptions'

vi.mock('../../i18n', async () => ({ strings: await import('../../i18n/en') }))

describe('optionsOf', () => {
  it('offers what becomes of work that was changed outside', () => {
    const offered = optionsOf({ kind: 'checkpoint', choices: ['resume', 'end'] })
    expect(offered.map(({ name }) => name)).toEqual([gate.resume, gate.end])
    expect(offered.map(({ isBad }) => isBad ?? false)).toEqual([false, true])
  })

  it('offers nothing that is not a choice', () => {
    const [only, ...more] = optionsOf({ kind: 'checkpoint', choices: ['end'] })
    expect([only?.result, more]).toEqual(['end', []])
  })
})
