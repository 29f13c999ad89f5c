import { describe, expect, it } from 'vitest'
import { units } from '../../i18n/en/common'
import { gate } from '../../i18n/en/gate'
import { statusText } from '../../i18n/en/statusText'
import { tasks } from '../../i18n/en/tasks'
import type { Row } from '../../lib/task/tableRows'
import { rowDisplayStatus, rowStatusText, stepClasses } from './rowStatus'

const now = new Date(2030, 0, 31, 14, 30).getTime()
const context = { words: statusText, gateWords: gate, of: tasks, units, locale: 'en-US', now }
const plain = {
  id: 42,
  status: 'queued',
  suspendReason: null,
  agentType: 'claude',
  machineName: 'heron',
  stages: [
    { name: 'plan', kind: 'agent' },
    { name: 'develop', kind: 'agent' },
    { name: 'test', kind: 'shell' },
  ],
  currentStageIndex: 1,
  waitingFor: null,
  activity: null,
  question: null,
  lastAnswer: null,
  position: 2,
  blockers: [],
  allowedActions: [],
} as unknown as Row
const row = (some: object) => ({ ...plain, ...some }) as Row

const answered = (result: string, comment: string | null) => ({
  stageIndex: 1,
  number: 0,
  kind: 'confirm',
  result,
  comment,
  answeredBy: { id: 9, name: 'mei' },
  answeredAt: new Date(now).toISOString(),
})

describe('what a row says of an answer', () => {
  const finishedAt = new Date(now - 3 * 60_000).toISOString()
  it.each([
    ['running', 'confirm', 'Go.', 'develop is running on heron; mei approved: “Go.”'],
    ['assigned', 'confirm', null, 'heron is preparing the workspace; mei approved'],
    ['cancelled', 'reject', 'Not on a Friday.', 'mei rejected it, 3 min ago; Not on a Friday.'],
    ['cancelled', 'reject', null, 'mei rejected it, 3 min ago'],
    ['cancelled', 'confirm', null, 'Cancelled 3 min ago; mei approved'],
  ])('is who gave it, how, and why (%s, %s, %s)', (status, result, comment, text) => {
    const ended = row({ status, finishedAt, lastAnswer: answered(result, comment) })
    expect(rowStatusText(ended, context)).toBe(text)
  })

  it('is nothing of one before an earlier stage', () => {
    const lastAnswer = { ...answered('confirm', 'Go.'), stageIndex: 0 }
    expect(rowStatusText(row({ status: 'running', lastAnswer }), context)).toBe(
      'develop is running on heron',
    )
  })
})

describe('what a row says', () => {
  it('is its place in the line, and what keeps the machines', () => {
    const blockers = [
      { reason: 'offline', count: 1, machines: ['kite'] },
      { reason: 'no_free_slot', count: 5, machines: ['heron', 'tern', 'osprey'] },
    ]
    expect(rowStatusText(row({ blockers }), context)).toBe(
      '2nd in line; heron, tern, osprey, and 2 others have no free slot; kite is offline',
    )
    expect(rowStatusText(row({ position: 1 }), context)).toBe(statusText.next)
    expect(rowStatusText(row({ position: null }), context)).toBe(tasks.farBehind)
  })
  it('is the question that is open, and what happens by itself', () => {
    const asks = row({
      status: 'suspended',
      suspendReason: 'gate',
      waitingFor: {
        reason: 'gate',
        nextAction: 'fail',
        at: new Date(2030, 0, 31, 18, 20).toISOString(),
      },
      question: {
        stageIndex: 1,
        number: 0,
        kind: 'confirm',
        prompt: '',
        requestedAt: new Date(now - 12 * 60_000).toISOString(),
      },
    })
    expect(rowStatusText(asks, context)).toBe(
      'Waiting for confirmation before develop, asked 12 min ago; fails at 18:20',
    )
  })
  it('is what it does while it runs', () => {
    expect(rowStatusText(row({ status: 'running' }), context)).toBe('develop is running on heron')
  })
})

describe('the stages of a row', () => {
  it.each([
    ['running', null, ['y', 'n', '']],
    ['suspended', 'gate', ['y', 'q', '']],
    ['suspended', 'quota', ['y', 'w', '']],
    ['failed', null, ['y', 'e', '']],
    ['queued', null, ['y', '', '']],
    ['completed', null, ['y', 'y', 'y']],
  ])('of one that is %s (%s)', (status, suspendReason, steps) => {
    expect(stepClasses(row({ status, suspendReason }))).toEqual(steps)
  })
})

it('a queued task whose question is open needs somebody', () => {
  const asks = row({
    question: { stageIndex: 0 },
    waitingFor: { reason: 'gate' },
    allowedActions: ['answer'],
  })
  expect(rowDisplayStatus(asks)).toEqual({ look: 'needs', isMine: true })
})
