import { strings } from '../../i18n'
import type { Inbox, InboxItem } from '../../queries/inbox'
import styles from './Inbox.module.css'
import { InboxRow } from './InboxRow'
import { groupItems, QUESTION_KINDS } from './selection'
import { useSelection } from './useSelection'

/** Questions that wait for an answer, followed by items to review. */
export function InboxList({ inbox }: { inbox: Inbox }) {
  const { asks, looks } = groupItems(inbox.items)
  const { selected, choose } = useSelection([...asks, ...looks])
  const asked = sum(QUESTION_KINDS.map((kind) => inbox.counts[kind]))
  const renderRow = (item: InboxItem) => (
    <InboxRow
      key={item.id}
      item={item}
      isSelected={item.id === selected}
      onSelect={() => choose(item.id)}
    />
  )
  return (
    <>
      {asks.length > 0 && (
        <section aria-label={strings.inbox.questionsHeader(asked)}>
          <ListHeader head={strings.inbox.questionsHeader(asked)} />
          <ol className={`panel ${styles.asks}`}>{asks.map(renderRow)}</ol>
        </section>
      )}
      {looks.length > 0 && (
        <section aria-label={strings.inbox.reviewHeader(inbox.total - asked)}>
          <ListHeader head={strings.inbox.reviewHeader(inbox.total - asked)} />
          <ol className={`panel ${styles.asks}`}>{looks.map(renderRow)}</ol>
        </section>
      )}
      {inbox.nextCursor && <p className="foot">{strings.inbox.notAll(inbox.items.length)}</p>}
    </>
  )
}

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0)

function ListHeader({ head }: { head: string }) {
  return (
    <div className={styles.head}>
      <h2>{head}</h2>
      <span aria-hidden="true">{strings.inbox.since}</span>
      <span aria-hidden="true">{strings.inbox.ifNothing}</span>
    </div>
  )
}
