/** Parts of tasks whose status texts are tested, at one fixed time. */
import type { Schemas } from '../api/client'
import { units as enUnits } from '../i18n/en/common'
import { gate as enGate } from '../i18n/en/gate'
import { statusText as en } from '../i18n/en/statusText'
import { units as zhUnits } from '../i18n/zh/common'
import { gate as zhGate } from '../i18n/zh/gate'
import { statusText as zh } from '../i18n/zh/statusText'
import type { StatusTextContext } from '../lib/task/statusText'

export type Task = Schemas['TaskDetail']
type Block = NonNullable<Task['queue']>['blockedBy'][number]

export const now = new Date(2030, 0, 31, 14, 30).getTime()
export const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString()
export const soon = new Date(2030, 0, 31, 15, 0).toISOString()

export const plain = {
  id: 42,
  status: 'queued',
  suspendReason: null,
  agentType: 'claude',
  machineName: 'heron',
  pipeline: [{ name: 'plan' }, { name: 'develop' }],
  currentStageIndex: 1,
  followUpsQueued: 0,
  taskBranch: 'muster/42',
  result: null,
  failure: null,
  queue: null,
  waitingFor: null,
  activity: null,
  lastAnswer: null,
  startedAt: ago(12),
  finishedAt: null,
  updatedAt: ago(3),
} as unknown as Task

export const waits = (reason: string, nextAction: string | null, at: string | null = soon) =>
  ({ waitingFor: { reason, nextAction, at } }) as Partial<Task>
export const moves = (machineCount: number) =>
  ({ relocation: { at: soon, machineCount, blockedBy: [] } }) as Partial<Task>
export const blocked = (...blockedBy: Partial<Block>[]) =>
  ({ queue: { position: 1, blockedBy: blockedBy as Block[] } }) as Partial<Task>
export const busy = (machineName: string, value: number): Partial<Block> => ({
  machineName,
  reason: 'overloaded',
  measure: { kind: 'cpu_percent', value, limit: 85, setting: 'maxLoadPercent' },
  since: ago(12),
})
export const queue = (position: number, ...blocked: [string, string][]) =>
  ({
    queue: {
      position,
      blockedBy: blocked.map(([machineName, reason]) => ({ machineName, reason }) as Block),
    },
  }) as Partial<Task>
export const gate = (kind: string) =>
  ({ kind, stageName: 'develop', requestedAt: ago(12), branch: { name: 'muster/42' } }) as never
export const result = (some: object) => ({ finishedAt: ago(3), result: some }) as Partial<Task>
export const failure = (code: string, message = '') =>
  ({
    status: 'failed',
    finishedAt: ago(3),
    failure: { code, message, stageIndex: 1 },
  }) as Partial<Task>

export const catalogs: Record<'en' | 'zh', StatusTextContext> = {
  en: { words: en, gateWords: enGate, units: enUnits, locale: 'en-US', now },
  zh: { words: zh, gateWords: zhGate, units: zhUnits, locale: 'zh-CN', now },
}

export type Row = [
  name: string,
  task: Partial<Task>,
  gateOf: never | null,
  en: [string, string],
  zh: [string, string],
]
