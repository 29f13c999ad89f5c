import { describe, expect, it, vi } from 'vitest'
import { gate } from '../../words/en/gate'
import { optionsOf } from './options'

vi.mock('../../words', async () => ({ words: await import('../../words/en') }))

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
