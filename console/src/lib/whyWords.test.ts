import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api/client'
import { units as enUnits } from '../words/en/common'
import { why as en } from '../words/en/why'
import { units as zhUnits } from '../words/zh/common'
import { why as zh } from '../words/zh/why'
import { type Around, why } from './why'

const task = (some: object) =>
  ({
    agentType: 'claude',
    pipeline: [],
    waitsFor: null,
    updatedAt: '2030-01-31T12:00:00Z',
    ...some,
  }) as unknown as Schemas['TaskDetail']
const failed = (code: string) =>
  task({ status: 'failed', failure: { code, message: '', stageIndex: null } })
const kept = (reason: string, ...says: string[]) => {
  const words = says.length > 0 ? says : [undefined]
  const blockedBy = words.map((each) => ({ machineId: 'h', reason, says: each }))
  return task({ status: 'queued', queue: { position: 1, blockedBy } })
}

const machineNames = new Map([['h', 'heron']])
const spoken: Record<'en' | 'zh', Around> = {
  en: { words: en, units: enUnits, locale: 'en-GB', now: 0, machineNames },
  zh: { words: zh, units: zhUnits, locale: 'zh-CN', now: 0, machineNames },
}

describe.each(['en', 'zh'] as const)('the words of why, in %s', (tongue) => {
  it.each(Object.keys(en.failures))('tell of %s in a sentence of their own', (code) => {
    expect(why(failed(code), spoken[tongue]).says).not.toContain(`${code})`)
  })

  it.each(Object.keys(en.blocked))('tell of a machine that is kept by %s', (rule) => {
    const { says } = why(kept(rule), spoken[tongue])
    expect(says).toContain('heron')
    expect(says).not.toBe(spoken[tongue].words.blockedOther('heron', 1, 'Claude'))
  })

  it('tell what machines say of themselves, once for all that say the same', () => {
    const full = 'its disk takes nothing'
    const { says } = why(kept('capability_degraded', full, full, 'auth_failure'), spoken[tongue])
    expect(says.split(full)).toHaveLength(2)
    expect(says).toContain(spoken[tongue].words.ill.auth_failure)
  })
})
