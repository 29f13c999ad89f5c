import { useTicking } from '../../components/hooks/useNow'
import { RelativeTime } from '../../components/status/RelativeTime'
import { StatusIcon } from '../../components/status/Status'
import { locale, strings } from '../../i18n'
import { defaultActionText } from '../../lib/inbox/defaultAction'
import type { InboxItem } from '../../queries/inbox'
import { DeniedTask } from './DeniedTask'
import { EndedTask } from './EndedTask'
import styles from './Inbox.module.css'
import { OpenGate } from './OpenGate'
import { UnhealthyMachine } from './UnhealthyMachine'
import { WaitingTerminal } from './WaitingTerminal'

type Props = { item: InboxItem; isSelected: boolean; onSelect: () => void }

/** An inbox item: what it is, how old it is, the default action, and what you can do. */
export function InboxRow({ item, isSelected, onSelect }: Props) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: J and K select a row, and so does the focus
    <li
      id={item.id}
      className={styles.ask}
      aria-current={isSelected || undefined}
      // Select on click, not on press: rows that change their height under the pointer would make
      // it miss.
      onFocus={({ target }) => target.matches(':focus-visible') && onSelect()}
      onClick={onSelect}
    >
      <span className="tone" data-is={statusIconOf(item)}>
        <StatusIcon look={statusIconOf(item)} />
      </span>
      <div className={styles.body}>
        {item.gate && item.task && (
          <OpenGate item={item} gate={item.gate} task={item.task} isSelected={isSelected} />
        )}
        {item.kind === 'host' && item.task && (
          <DeniedTask item={item} task={item.task} isSelected={isSelected} />
        )}
        {item.kind === 'terminal' && item.task && (
          <WaitingTerminal item={item} task={item.task} isSelected={isSelected} />
        )}
        {(item.kind === 'failure' || item.kind === 'result') && item.task && (
          <EndedTask item={item} task={item.task} isSelected={isSelected} />
        )}
        {item.machine && (
          <UnhealthyMachine item={item} machine={item.machine} isSelected={isSelected} />
        )}
      </div>
      <p className={styles.since}>
        <span className="phone">{strings.inbox.since} </span>
        <RelativeTime at={item.since} />
      </p>
      <DefaultAction item={item} />
    </li>
  )
}

function statusIconOf({ kind }: InboxItem) {
  if (kind === 'failure') return 'failed'
  if (kind === 'result') return 'completed'
  return kind === 'machine' ? 'unhealthy' : 'needs'
}

function DefaultAction({ item }: { item: InboxItem }) {
  const { inbox: words, units } = strings
  const text = useTicking((now) => {
    const { summary, detail } = defaultActionText(item, { words, units, locale, now })
    return `${summary}\n${detail}`
  })
  const [summary, detail] = text.split('\n')
  return (
    <p className={styles.itself}>
      <b>{summary}</b> {detail}
    </p>
  )
}
