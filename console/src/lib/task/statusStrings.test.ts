import { describe, expect, it } from 'vitest'
import type { Schemas } from '../../api/client'
import { units as enUnits } from '../../i18n/en/common'
import { gate as enGate } from '../../i18n/en/gate'
import { statusText as en } from '../../i18n/en/statusText'
import { units as zhUnits } from '../../i18n/zh/common'
import { gate as zhGate } from '../../i18n/zh/gate'
import { statusText as zh } from '../../i18n/zh/statusText'
import { type StatusTextContext, statusText } from './statusText'

const task = (some: object) =>
  ({
    agentType: 'claude',
    pipeline: [],
    waitingFor: null,
    activity: null,
    lastAnswer: null,
    updatedAt: '2030-01-31T12:00:00Z',
    ...some,
  }) as unknown as Schemas['TaskDetail']
const failed = (code: string) =>
  task({ status: 'failed', failure: { code, message: '', stageIndex: null } })
const blockedTask = (reason: string, ...details: string[]) => {
  const all = details.length > 0 ? details : [undefined]
  const blockedBy = all.map((detail) => ({ machineName: 'heron', reason, detail }))
  return task({ status: 'queued', queue: { position: 1, blockedBy } })
}

const contexts: Record<'en' | 'zh', StatusTextContext> = {
  en: { words: en, gateWords: enGate, units: enUnits, locale: 'en-US', now: 0 },
  zh: { words: zh, gateWords: zhGate, units: zhUnits, locale: 'zh-CN', now: 0 },
}

describe.each(['en', 'zh'] as const)('the words of why, in %s', (tongue) => {
  it.each(Object.keys(en.failures))('tell of %s in a sentence of their own', (code) => {
    expect(statusText(failed(code), contexts[tongue]).summary).not.toContain(`${code})`)
  })

  it.each(Object.keys(en.blocked))('tell of a machine that is kept by %s', (rule) => {
    const { summary } = statusText(blockedTask(rule), contexts[tongue])
    expect(summary).toContain('heron')
    expect(summary).not.toBe(contexts[tongue].words.blockedOther('heron', 1, 'Claude'))
  })

  it('tell what machines say of themselves, once for all that say the same', () => {
    const full = 'its disk takes nothing'
    const { summary } = statusText(
      blockedTask('capability_degraded', full, full, 'auth_failure'),
      contexts[tongue],
    )
    expect(summary.split(full)).toHaveLength(2)
    expect(summary).toContain(contexts[tongue].words.ill.auth_failure)
  })
})
