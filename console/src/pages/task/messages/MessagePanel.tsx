import { strings } from '../../../i18n'
import { hasMessages, recipientOf } from '../../../lib/task/messages'
import { useMessages } from '../../../queries/messages'
import type { TaskDetail } from '../../../queries/task'
import { MessageBox } from './MessageBox'
import { MessageList } from './MessageList'
import styles from './messages.module.css'

type Props = {
  task: TaskDetail
  /** Whether it is a card of its own, which stays in view while an agent reads messages. */
  isCard?: boolean
}

/** Messages to the task's agent: those that wait, and a field for the next one. */
export function MessagePanel({ task, isCard }: Props) {
  const messages = useMessages(task.id).data ?? []
  const recipient = recipientOf(task)
  if (messages.length === 0 && !hasMessages(task)) return null
  return (
    <section
      className={styles.panel}
      aria-label={strings.messages.panel}
      data-card={isCard}
      data-sticks={(isCard && recipient.state === 'open') || undefined}
    >
      <MessageList taskId={task.id} messages={messages} recipient={recipient} />
      <MessageBox task={task} />
    </section>
  )
}
