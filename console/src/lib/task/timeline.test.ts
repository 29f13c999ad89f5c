import { describe, expect, it } from 'vitest'
import type { Schemas } from '../../api/client'
import { type TimelinePart, timeline, widths } from './timeline'

type Task = Schemas['TaskDetail']
const start = Date.parse('2030-01-31T12:00:00Z')
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()
const event = (seconds: number, type: string, stageIndex: number | null, data: object = {}) =>
  ({ createdAt: at(seconds), type, stageIndex, data }) as unknown as Schemas['Event']

const pipeline = [
  { name: 'plan', timeout: 60 },
  { name: 'develop', timeout: 3600 },
  { name: 'publish', confirm: true },
]
const task = (some: object) =>
  ({
    pipeline,
    status: 'running',
    currentStageIndex: 1,
    failure: null,
    gate: null,
    ...some,
  }) as Task

const atGate = { stageIndex: 2, number: 0 }

/** `name state seconds`; for a stage `worked+asked`. */
const describeParts = (parts: TimelinePart[]) =>
  parts.map((part) =>
    part.kind === 'gate'
      ? `gate ${part.state} ${part.waited / 1000}`
      : `${part.name} ${part.state} ${part.worked / 1000}+${part.asked / 1000}`,
  )
const now = (seconds: number) => start + seconds * 1000

const startedEvents = [
  event(0, 'created', null),
  event(5, 'stage_started', 0),
  event(15, 'checkpoint', 0),
  event(16, 'stage_finished', 0),
  event(20, 'stage_started', 1),
]

describe('the line of stages', () => {
  it('counts what works until now', () => {
    expect(describeParts(timeline(task({}), startedEvents, now(50)))).toEqual([
      'plan done 11+0',
      'develop now 30+0',
      'gate future 0',
      'publish future 0+0',
    ])
  })

  it('shows how often a failed check went back, and that questions in between are asked again', () => {
    const events = [
      event(0, 'stage_started', 1),
      event(10, 'stage_finished', 1),
      event(10, 'suspended', 2, { reason: 'gate' }),
      event(20, 'confirmed', 2, { result: 'confirm' }),
      event(20, 'stage_started', 2),
      event(30, 'stage_finished', 2, { backTo: 1, turn: 1, times: 3 }),
      event(31, 'stage_started', 1),
    ]
    const parts = timeline(task({}), events, now(36))
    expect(describeParts(parts).slice(1)).toEqual([
      'develop now 15+0',
      'gate future 0',
      'publish future 10+0',
    ])
    expect(parts.map((part) => part.kind === 'stage' && part.back)).toEqual([
      ...[null, null, false],
      { count: 1, times: 3 },
    ])
  })

  it('counts a question apart from the work that it interrupts', () => {
    const events = [...startedEvents, event(30, 'suspended', 1, { reason: 'question', number: 1 })]
    const asking = task({ status: 'suspended', gate: { stageIndex: 1, number: 1 } })
    expect(describeParts(timeline(asking, events, now(50)))[1]).toBe('develop asking 10+20')
    const answered = [...events, event(60, 'confirmed', 1, { number: 1, result: 'a' })]
    expect(describeParts(timeline(task({}), answered, now(65)))[1]).toBe('develop now 15+30')
  })

  it('has a budget that was raised go on only when its stage begins again', () => {
    const events = [
      ...startedEvents,
      event(30, 'suspended', 1, { reason: 'budget', number: 1 }),
      event(40, 'confirmed', 1, { number: 1, result: 'continue', budget: null }),
      event(50, 'stage_started', 1),
    ]
    expect(describeParts(timeline(task({}), events, now(55)))[1]).toBe('develop now 15+10')
  })

  it('tells how long the question before a stage waits', () => {
    const events = [
      ...startedEvents,
      event(40, 'stage_finished', 1),
      event(41, 'suspended', 2, { reason: 'gate', kind: 'confirm' }),
    ]
    const asking = task({ status: 'suspended', currentStageIndex: 2, gate: atGate })
    expect(describeParts(timeline(asking, events, now(101)))).toEqual([
      'plan done 11+0',
      'develop done 20+0',
      'gate asking 60',
      'publish future 0+0',
    ])
    const confirmed = [...events, event(101, 'confirmed', 2, { number: 0, result: 'confirm' })]
    const after = task({ status: 'assigned', currentStageIndex: 2 })
    expect(describeParts(timeline(after, confirmed, now(500)))[2]).toBe('gate past 60')
  })

  it('asks in the last stage about a branch that was changed', () => {
    const events = [
      event(0, 'stage_started', 2),
      event(10, 'stage_finished', 2),
      event(11, 'suspended', 2, { reason: 'gate', kind: 'branch', number: 1 }),
    ]
    const gate = { stageIndex: 2, number: 1 }
    const asking = task({ status: 'suspended', currentStageIndex: 2, gate })
    expect(describeParts(timeline(asking, events, now(31))).slice(2)).toEqual([
      'gate past 0',
      'publish asking 10+20',
    ])
    const answered = [...events, event(31, 'confirmed', 2, { number: 1, result: 'keep' })]
    const after = task({ status: 'completed', currentStageIndex: 2 })
    expect(describeParts(timeline(after, answered, now(99)))[3]).toBe('publish done 10+20')
  })

  it('asks in a stage that has not started about a checkpoint that was changed', () => {
    const events = [event(0, 'suspended', 2, { reason: 'gate', kind: 'checkpoint', number: 1 })]
    const gate = { stageIndex: 2, number: 1 }
    const asking = task({ status: 'suspended', currentStageIndex: 2, gate })
    expect(describeParts(timeline(asking, events, now(5)))[3]).toBe('publish asking 0+5')
  })

  it('still asks while the machine of a question is lost', () => {
    const events = [
      ...startedEvents,
      event(30, 'suspended', 1, { reason: 'question', number: 1 }),
      event(40, 'machine_lost', 1),
    ]
    const lost = task({ status: 'suspended', gate: { stageIndex: 1, number: 1 } })
    expect(describeParts(timeline(lost, events, now(50)))[1]).toBe('develop asking 10+20')
  })

  it('still asks in the queue, while a machine drains', () => {
    const events = [
      event(0, 'suspended', 2, { reason: 'gate' }),
      event(10, 'requeued', 2, { reason: 'heron drains' }),
    ]
    const queued = task({ status: 'queued', currentStageIndex: 2, gate: atGate })
    expect(describeParts(timeline(queued, events, now(99)))[2]).toBe('gate asking 99')
  })

  it.each([
    ['confirm', 'past', 'assigned'],
    ['reject', 'rejected', 'cancelled'],
  ])('shows who answered %s', (result, state, status) => {
    const answeredBy = { id: 9, name: 'mei' }
    const answer = { result, comment: 'Hm.', answeredBy, number: 0 }
    const events = [event(0, 'suspended', 2, { reason: 'gate' }), event(9, 'confirmed', 2, answer)]
    const [, , gate] = timeline(task({ status, currentStageIndex: 2 }), events, now(99))
    expect(gate).toMatchObject({ state, answer: { kind: 'confirm', result, answeredBy } })
  })

  it('has no answer from a task that ended before', () => {
    const events = [event(0, 'suspended', 2, { reason: 'gate' }), event(9, 'cancelled', 2)]
    const parts = timeline(task({ status: 'cancelled', currentStageIndex: 2 }), events, now(99))
    expect(describeParts(parts)[2]).toBe('gate unanswered 9')
  })

  it('waits no more for a question that is withdrawn', () => {
    const events = [
      event(0, 'suspended', 2, { reason: 'gate' }),
      event(10, 'warning', 2, { withdrawn: true, number: 0 }),
    ]
    const parts = timeline(task({ status: 'queued', currentStageIndex: 2 }), events, now(99))
    expect(describeParts(parts)[2]).toBe('gate unanswered 10')
  })

  it('begins anew what a new round does again, and no more', () => {
    const events = [
      ...startedEvents,
      event(40, 'failed', 1),
      event(100, 'retried', 1),
      event(110, 'stage_started', 1),
    ]
    expect(describeParts(timeline(task({}), events, now(115))).slice(0, 2)).toEqual([
      'plan done 11+0',
      'develop now 5+0',
    ])
  })

  it('adds up the runs of a stage that was begun again elsewhere', () => {
    const events = [
      ...startedEvents,
      event(30, 'machine_lost', 1),
      event(90, 'requeued', 1),
      event(100, 'stage_started', 1),
    ]
    const [, develop] = timeline(task({}), events, now(105))
    expect(develop).toMatchObject({ worked: 15_000, runs: 2 })
  })

  it.each([
    ['failed', { failure: { stageIndex: 1 } }, 'develop failed 20+0'],
    ['cancelled', {}, 'develop stopped 20+0'],
    ['completed', { currentStageIndex: 2 }, 'develop done 20+0'],
  ])('stands still when the task is %s', (status, some, text) => {
    const events = [...startedEvents, event(40, status, 1)]
    expect(describeParts(timeline(task({ status, ...some }), events, now(9999)))[1]).toBe(text)
  })

  it('is as wide as it took, and never too narrow to read', () => {
    const ended = [
      ...startedEvents,
      event(1000, 'stage_finished', 1),
      event(1000, 'completed', null),
    ]
    const parts = timeline(task({ status: 'completed' }), ended, now(1000))
    const [plan, develop, gate] = widths(parts)
    expect([plan, gate]).toEqual([1, 0.7])
    expect(develop).toBeGreaterThan(7)
  })

  it('does not widen while its stage runs: that would look like progress', () => {
    const widthsAt = (seconds: number) => widths(timeline(task({}), startedEvents, now(seconds)))
    expect(widthsAt(50)).toEqual(widthsAt(1000))
  })
})
