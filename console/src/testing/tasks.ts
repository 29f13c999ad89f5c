/** A task and a question as the server sends them, for tests that only need some fields. */
import type { Schemas } from '../api/client'

export type TaskDetail = Schemas['TaskDetail']
export type PendingGate = Schemas['PendingGate']
type Entry = Schemas['TranscriptEntry']
type Message = Schemas['Message']

export function makeTask(fields: Partial<TaskDetail> = {}): TaskDetail {
  return {
    id: 7,
    projectKey: 'WEB',
    agentType: 'claude',
    status: 'suspended',
    suspendReason: 'gate',
    attempt: 1,
    round: 1,
    waitingFor: null,
    activity: null,
    gate: null,
    lastAnswer: null,
    pipeline: [{ name: 'build' }, { name: 'ship' }],
    allowedActions: ['answer', 'review', 'follow_up', 'cancel'],
    messages: { state: 'open', reason: null },
    interrupt: null,
    readsTerminal: false,
    budgets: [],
    images: [],
    ...fields,
  } as TaskDetail
}

export function makeGate(fields: Partial<PendingGate> = {}): PendingGate {
  return {
    taskId: 7,
    round: 1,
    stageIndex: 1,
    number: 0,
    stageName: 'ship',
    kind: 'confirm',
    prompt: 'Ship it?',
    choices: [],
    requestedAt: new Date(Date.now() - 120_000).toISOString(),
    expiresAt: null,
    diff: null,
    budgets: null,
    branch: null,
    answerers: null,
    permission: null,
    ...fields,
  }
}

export function makeEntry(fields: Partial<Entry> = {}): Entry {
  return {
    number: 1,
    at: '2030-01-31T12:00:00.000Z',
    attempt: 1,
    stageIndex: 0,
    run: 0,
    kind: 'message',
    title: '',
    text: '',
    data: {},
    logOffset: 1234,
    state: null,
    startedAt: '2030-01-31T12:00:00.000Z',
    finishedAt: null,
    ...fields,
  }
}

export function makeMessage(fields: Partial<Message> = {}): Message {
  return {
    id: 40 + (fields.number ?? 1),
    number: 1,
    text: 'Use UTC.',
    when: 'next',
    state: 'waiting',
    createdBy: { id: 3, name: 'Mei' },
    createdAt: '2030-01-31T12:00:00.000Z',
    deliveredAt: null,
    stageIndex: null,
    run: null,
    followUpId: null,
    ...fields,
  }
}
