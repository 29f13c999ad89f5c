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
const kept = (reason: string) =>
  task({ status: 'queued', queue: { position: 1, blockedBy: [{ machineId: 'h', reason }] } })

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
})
