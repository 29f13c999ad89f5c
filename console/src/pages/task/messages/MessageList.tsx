import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { strings } from '../../../i18n'
import { IdempotencyKeys } from '../../../lib/net/idempotencyKeys'
import {
  isUnread,
  isWithdrawable,
  type Message,
  type Recipient,
  splitMessages,
} from '../../../lib/task/messages'
import { useFollowUps } from '../../../queries/followUps'
import { useSendMessage, useWithdrawMessage } from '../../../queries/messages'
import { FollowUpInstead } from './FollowUpInstead'
import { showMessageError } from './messageErrors'
import styles from './messages.module.css'

type Props = { taskId: number; messages: Message[]; recipient: Recipient }

/** The messages that wait for the agent or for you; the earlier ones are folded. */
export function MessageList({ taskId, messages, recipient }: Props) {
  const hasUnread = messages.some(isUnread)
  const followUps = useFollowUps(taskId, hasUnread).data ?? []
  const { open, earlier } = splitMessages(
    messages,
    followUps.map(({ instruction }) => instruction),
  )
  return (
    <>
      {open.length > 0 && (
        <ol className={styles.list}>
          {open.map((message) => (
            <MessageItem key={message.id} message={message} taskId={taskId} recipient={recipient} />
          ))}
        </ol>
      )}
      {earlier.length > 0 && (
        <details className={styles.earlier}>
          <summary className="dim">{strings.messages.earlier(earlier.length)}</summary>
          <ol className={styles.list}>
            {earlier.map((message) => (
              <MessageItem key={message.id} message={message} />
            ))}
          </ol>
        </details>
      )}
    </>
  )
}

/** A message with its state. Without `recipient`, there is nothing left to do with it. */
function MessageItem(props: { message: Message; taskId?: number; recipient?: Recipient }) {
  const { message, taskId, recipient } = props
  const { state, text, createdBy, createdAt } = message
  const needsYou = recipient !== undefined && isUnread(message)
  return (
    <li>
      <div className="row wrap">
        <span className="badge" data-is={needsYou ? 'needs' : badgeOf(message)}>
          {strings.messages.states[state]}
        </span>
        <span className="dim">
          {strings.messages.byWhom(createdBy.name)}
          {state === 'waiting' && message.when === 'now' && `, ${strings.messages.urgent}`}
        </span>
        <span className={`dim ${styles.when}`}>
          <RelativeTime at={message.deliveredAt ?? createdAt} />
        </span>
        {recipient && taskId !== undefined && (
          <MessageActions message={message} taskId={taskId} recipient={recipient} />
        )}
      </div>
      <p className={styles.text}>{text}</p>
      {recipient && (state === 'unconfirmed' || state === 'returned') && (
        <p className="hint">{strings.messages.why[state]}</p>
      )}
    </li>
  )
}

function badgeOf({ state }: Message): string | undefined {
  if (state === 'waiting') return 'waits'
  return state === 'delivered' ? 'completed' : undefined
}

/** Withdraws a message that waits; sends an unread one again, or as a follow-up. */
function MessageActions(props: { message: Message; taskId: number; recipient: Recipient }) {
  const { message, taskId, recipient } = props
  const withdraw = useWithdrawMessage(taskId)
  const resend = useSendMessage(taskId)
  const [keys] = useState(() => new IdempotencyKeys())
  const { text, state } = message
  const sendAgain = () =>
    resend.mutate(
      { text, when: 'next', key: keys.keyFor(message.id) },
      { onError: showMessageError },
    )
  if (state === 'waiting') {
    return recipient.canWithdraw && isWithdrawable(message) ? (
      <Button
        size="tiny"
        disabled={withdraw.isPending}
        onClick={() => withdraw.mutate(message.id, { onError: showMessageError })}
      >
        {strings.messages.withdraw}
      </Button>
    ) : null
  }
  return (
    <>
      {recipient.canSend && (
        <Button size="tiny" disabled={resend.isPending || resend.isSuccess} onClick={sendAgain}>
          {strings.messages.resend}
        </Button>
      )}
      {recipient.canFollowUp && (
        <FollowUpInstead taskId={taskId} text={text} name={strings.messages.asFollowUp} />
      )}
    </>
  )
}
