/** Rules for people's messages to a task's agent: who gets one now, and which still matter. Pure. */
import type { Schemas } from '../../api/client'

export type Message = Schemas['Message']
export type NewMessage = Schemas['NewMessage']

type Task = Pick<Schemas['TaskDetail'], 'allowedActions' | 'messages'>

/** What you can do with the agent now. `next`: the next agent stage gets what you send. */
export type Recipient = {
  state: 'open' | 'next' | 'none'
  canSend: boolean
  canSendNow: boolean
  canInterrupt: boolean
  canFollowUp: boolean
  canWithdraw: boolean
  reason: Schemas['TaskDetail']['messages']['reason']
}

export function recipientOf({ allowedActions, messages }: Task): Recipient {
  const state = messages.state === 'next_stage' ? 'next' : messages.state
  return {
    state,
    canSend: state !== 'none' && allowedActions.includes('message'),
    canSendNow: state === 'open' && allowedActions.includes('interrupt'),
    canInterrupt: allowedActions.includes('interrupt'),
    canFollowUp: allowedActions.includes('follow_up'),
    canWithdraw: allowedActions.includes('message'),
    reason: messages.reason,
  }
}

/** Whether messages are of use to a task: it has an agent, and isn't finished. */
export function hasMessages({
  pipeline,
  finishedAt,
}: Pick<Schemas['TaskDetail'], 'pipeline' | 'finishedAt'>): boolean {
  return !finishedAt && pipeline.some(({ kind }) => kind !== 'shell')
}

/** Splits messages: those that wait for the agent or for you, and the others, newest first.
 *
 *  `followUps`: the instructions of the task's follow-ups. What you have sent again, or as a
 *  follow-up, doesn't wait for you any more. */
export function splitMessages(messages: readonly Message[], followUps: readonly string[]) {
  const isSentAgain = ({ number, text }: Message) =>
    followUps.includes(text) ||
    messages.some((later) => later.number > number && later.text === text)
  const isOpen = (message: Message) =>
    message.state === 'waiting' || (isUnread(message) && !isSentAgain(message))
  return {
    open: messages.filter(isOpen),
    earlier: messages.filter((one) => !isOpen(one)).toReversed(),
  }
}

/** Whether the agent hasn't read it, or perhaps not, and won't. */
export function isUnread({ state }: Message): boolean {
  return state === 'unconfirmed' || state === 'returned'
}

/** Whether it still waits at the server, so that it can be withdrawn. */
export function isWithdrawable({ state, stageIndex }: Message): boolean {
  return state === 'waiting' && stageIndex === null
}
