import { expect, it } from 'vitest'
import { makeMessage, makeTask } from '../../testing/tasks'
import { hasMessages, isWithdrawable, recipientOf, splitMessages } from './messages'

const numbers = (messages: { number: number }[]) => messages.map(({ number }) => number)

it.each([
  ['open', ['message', 'interrupt'], [true, true, true]],
  ['open', ['message'], [true, false, false]],
  ['open', [], [false, false, false]],
  ['next_stage', ['message'], [true, false, false]],
  ['none', ['message', 'interrupt'], [false, false, true]],
] as const)(
  'what you can do follows from who reads and what is allowed: %s %j',
  (state, allowed, can) => {
    const task = makeTask({ allowedActions: [...allowed], messages: { state, reason: null } })
    const { canSend, canSendNow, canInterrupt } = recipientOf(task)
    expect([canSend, canSendNow, canInterrupt]).toEqual(can)
  },
)

it('messages that wait for the agent or for you are open; others are earlier, newest first', () => {
  const states = [
    'delivered',
    'unconfirmed',
    'withdrawn',
    'waiting',
    'returned',
    'followed_up',
  ] as const
  const messages = states.map((state, index) =>
    makeMessage({ number: index + 1, state, text: state }),
  )
  const { open, earlier } = splitMessages(messages, [])
  expect([numbers(open), numbers(earlier)]).toEqual([
    [2, 4, 5],
    [6, 3, 1],
  ])
})

it('a message that was sent again, or as a follow-up, no longer waits for you', () => {
  const messages = [
    makeMessage({ number: 1, state: 'unconfirmed', text: 'Use UTC.' }),
    makeMessage({ number: 2, state: 'returned', text: 'Add tests.' }),
    makeMessage({ number: 3, state: 'delivered', text: 'Use UTC.' }),
  ]
  expect(numbers(splitMessages(messages, ['Add tests.']).open)).toEqual([])
  expect(numbers(splitMessages(messages, []).open)).toEqual([2])
})

it('a message can be withdrawn until it has gone to a machine', () => {
  expect(isWithdrawable(makeMessage({ state: 'waiting', stageIndex: null }))).toBe(true)
  expect(isWithdrawable(makeMessage({ state: 'waiting', stageIndex: 0 }))).toBe(false)
  expect(isWithdrawable(makeMessage({ state: 'delivered', stageIndex: null }))).toBe(false)
})

it('messages are of use to an unfinished task with an agent', () => {
  const shell = [{ name: 'test', kind: 'shell', command: 'make test' }]
  expect(hasMessages(makeTask({}))).toBe(true)
  expect(hasMessages(makeTask({ finishedAt: '2030-01-31T12:00:00Z' }))).toBe(false)
  expect(hasMessages(makeTask({ pipeline: shell as never }))).toBe(false)
})
