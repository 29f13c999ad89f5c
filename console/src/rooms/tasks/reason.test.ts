import { describe, expect, it } from 'vitest'
import type { Row } from '../../lib/taskRows'
import { units } from '../../words/en/common'
import { tasks } from '../../words/en/tasks'
import { why } from '../../words/en/why'
import { reasonOf, shownLook, stepsOf } from './reason'

const now = new Date(2030, 0, 31, 14, 30).getTime()
const said = { words: why, of: tasks, units, locale: 'en-GB', now }
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
  waitsFor: null,
  question: null,
  position: 2,
  keptBy: [],
  may: [],
} as unknown as Row
const row = (some: object) => ({ ...plain, ...some }) as Row

describe('what a row says', () => {
  it('is its place in the line, and what keeps the machines', () => {
    const keptBy = [
      { reason: 'offline', count: 1, machines: ['kite'] },
      { reason: 'no_free_slot', count: 5, machines: ['heron', 'tern', 'osprey'] },
    ]
    expect(reasonOf(row({ keptBy }), said)).toBe(
      '2nd in line; heron, tern, osprey and 2 others have no free slot; kite is offline',
    )
    expect(reasonOf(row({ position: 1 }), said)).toBe(why.next)
    expect(reasonOf(row({ position: null }), said)).toBe(tasks.farBehind)
  })
  it('is the question that is open, and what happens by itself', () => {
    const asks = row({
      status: 'suspended',
      suspendReason: 'gate',
      waitsFor: {
        reason: 'gate',
        nextAct: 'fail',
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
    expect(reasonOf(asks, said)).toBe(
      'Waits for a confirm before develop, asked 12 min ago; fails by itself at 18:20',
    )
  })
  it('is what it does while it runs', () => {
    expect(reasonOf(row({ status: 'running' }), said)).toBe('develop runs on heron')
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
    expect(stepsOf(row({ status, suspendReason }))).toEqual(steps)
  })
})

it('a queued task whose question is open needs somebody', () => {
  const asks = row({ question: { stageIndex: 0 }, may: ['answer'] })
  expect(shownLook(asks)).toEqual({ look: 'needs', isMine: true })
})
