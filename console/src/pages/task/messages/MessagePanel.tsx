import { strings } from '../../../i18n'
import { hasMessages, recipientOf } from '../../../lib/task/messages'
import { useMessages } from '../../../queries/messages'
import type { TaskDetail } from '../../../queries/task'
import { MessageBox } from './MessageBox'
import { MessageList } from './MessageList'
import styles from './messages.module.css'

type Props = { task: TaskDetail }

/** Messages to the task's agent: those that wait, and a field for the next one. */
export function MessagePanel({ task }: Props) {
  const messages = useMessages(task.id).data ?? []
  const recipient = recipientOf(task)
  if (messages.length === 0 && !hasMessages(task)) return null
  // What you watch keeps its space beside the gate's card; the transcript has the field, too.
  if (task.gate && recipient.state !== 'open') return null
  return (
    <section className={styles.panel} aria-label={strings.messages.panel}>
      <MessageList taskId={task.id} messages={messages} recipient={recipient} />
      <MessageBox task={task} />
    </section>
  )
}

/** The messages that wait, as the end of what you read. */
export function MessageListCard({ task }: Props) {
  const messages = useMessages(task.id).data ?? []
  if (messages.length === 0) return null
  return (
    <section className={styles.panel} data-card aria-label={strings.messages.panel}>
      <MessageList taskId={task.id} messages={messages} recipient={recipientOf(task)} />
    </section>
  )
}

/** The field for the next one, which stays in view while an agent reads messages. */
export function MessageBoxCard({ task }: Props) {
  if (!hasMessages(task)) return null
  return (
    <section
      className={styles.panel}
      data-card
      data-sticks={recipientOf(task).state === 'open' || undefined}
      aria-label={strings.messages.write}
    >
      <MessageBox task={task} />
    </section>
  )
}
