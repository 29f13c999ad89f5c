import type { Inbox, InboxItem } from '../../queries/inbox'
import { words } from '../../words'
import { Ask } from './Ask'
import styles from './Needs.module.css'
import { grouped } from './order'
import { useSelected } from './useSelected'

/** What waits for an answer, and under it what is to be looked at. */
export function Asks({ inbox }: { inbox: Inbox }) {
  const { asks, looks } = grouped(inbox.items)
  const { selected, choose } = useSelected([...asks, ...looks])
  const { gate, question, budget } = inbox.counts
  const asked = gate + question + budget
  const drawn = (item: InboxItem) => (
    <Ask
      key={item.id}
      item={item}
      isSelected={item.id === selected}
      onSelect={() => choose(item.id)}
    />
  )
  return (
    <>
      {asks.length > 0 && (
        <section aria-label={words.needs.asksHead(asked)}>
          <Columns head={words.needs.asksHead(asked)} />
          <ol className={`panel ${styles.asks}`}>{asks.map(drawn)}</ol>
        </section>
      )}
      {looks.length > 0 && (
        <section aria-label={words.needs.looksHead(inbox.total - asked)}>
          <Columns head={words.needs.looksHead(inbox.total - asked)} />
          <ol className={`panel ${styles.asks}`}>{looks.map(drawn)}</ol>
        </section>
      )}
      {inbox.nextCursor && <p className="foot">{words.needs.notAll(inbox.items.length)}</p>}
    </>
  )
}

function Columns({ head }: { head: string }) {
  return (
    <div className={styles.head}>
      <h2>{head}</h2>
      <span aria-hidden="true">{words.needs.since}</span>
      <span aria-hidden="true">{words.needs.ifNothing}</span>
    </div>
  )
}
