import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useLayoutEffect, useRef, useState } from 'react'
import type { Row } from '../../lib/taskRows'
import { useNow } from '../../ui/useNow'
import { words } from '../../words'
import { TaskRow } from './TaskRow'
import styles from './Tasks.module.css'

const ROW = 41
const CARD = 130
const AHEAD = 60

type Props = {
  rows: Row[]
  hasMore: boolean
  /** Whether more can be asked for now. */
  canRead: boolean
  onMore: () => void
  chosen: ReadonlySet<number>
  onChoose: (id: number) => void
  onChooseAll: () => void
  /** The number of the row that keys are about. */
  at: number | null
  onOpen: (id: number) => void
}

/** The rows of which some are seen: only these are drawn, whatever there is above and below. */
export function TaskTable(props: Props) {
  const { rows, hasMore, canRead, onMore, chosen, at } = props
  const body = useRef<HTMLTableSectionElement>(null)
  const [top, setTop] = useState(0)
  const now = useNow()
  useLayoutEffect(() => {
    const place = () => {
      const box = body.current?.getBoundingClientRect()
      if (box) setTop(Math.round(box.top + scrollY))
    }
    place()
    const seen = new ResizeObserver(place)
    seen.observe(document.body)
    return () => seen.disconnect()
  }, [])
  const keyOf = useCallback((place: number) => rows[place]?.id ?? place, [rows])
  const virtual = useWindowVirtualizer<HTMLTableRowElement>({
    count: rows.length,
    estimateSize: () => (isPhone() ? CARD : ROW),
    getItemKey: keyOf,
    overscan: 12,
    scrollMargin: top,
  })
  const shown = virtual.getVirtualItems()
  const [first, last] = [shown[0], shown.at(-1)]
  useMoreNear(last?.index ?? 0, rows.length, canRead, onMore)
  useInView(at, rows, virtual)
  const above = first ? first.start - top : 0
  const below = last ? virtual.getTotalSize() - (last.end - top) : 0
  const areAllChosen = rows.length > 0 && rows.every(({ id }) => chosen.has(id))
  return (
    <div className={`panel ${styles.list}`}>
      <table
        className={`table ${styles.tasks}`}
        aria-label={words.tasks.table}
        aria-rowcount={hasMore ? -1 : rows.length + 1}
      >
        <thead>
          <tr>
            <th className={styles.pick}>
              <input
                type="checkbox"
                aria-label={words.tasks.selectAll}
                checked={areAllChosen}
                onChange={props.onChooseAll}
              />
            </th>
            <th className={styles.st}>{words.tasks.status}</th>
            <th aria-sort="descending">
              {words.tasks.task} <span aria-hidden="true">↓</span>
            </th>
            <th className={styles.pr}>{words.tasks.project}</th>
            <th className={styles.ag}>{words.tasks.agent}</th>
            <th className={styles.sg}>{words.tasks.stage}</th>
            <th className={styles.why}>{words.tasks.why}</th>
            <th className={`${styles.ch} num`}>{words.tasks.changes}</th>
            <th className={styles.by}>
              <span className="hidden">{words.tasks.createdBy}</span>
            </th>
            <th className={`${styles.ago} num`}>{words.tasks.since}</th>
          </tr>
        </thead>
        <tbody ref={body}>
          <Space height={above} />
          {shown.map(({ index }) => {
            const row = rows[index]
            return (
              row && (
                <TaskRow
                  key={row.id}
                  row={row}
                  place={index}
                  now={now}
                  isChosen={chosen.has(row.id)}
                  isAt={at === row.id}
                  onChoose={props.onChoose}
                  onOpen={props.onOpen}
                  measure={virtual.measureElement}
                />
              )
            )
          })}
          <Space height={below} />
        </tbody>
      </table>
    </div>
  )
}

/** Stands for the rows that are not drawn. */
function Space({ height }: { height: number }) {
  if (height <= 0) return null
  return (
    <tr aria-hidden="true" className={styles.space}>
      <td colSpan={10} style={{ height }} />
    </tr>
  )
}

/** Read on before the last row is seen. */
function useMoreNear(last: number, count: number, canRead: boolean, onMore: () => void): void {
  const isNear = canRead && last >= count - AHEAD
  const more = useRef(onMore)
  more.current = onMore
  // biome-ignore lint/correctness/useExhaustiveDependencies: with more rows it may be near again
  useLayoutEffect(() => {
    if (isNear) more.current()
  }, [isNear, count])
}

/** The row that keys are about is seen. */
function useInView(
  at: number | null,
  rows: Row[],
  virtual: ReturnType<typeof useWindowVirtualizer<HTMLTableRowElement>>,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another row is looked for
  useLayoutEffect(() => {
    if (at === null) return
    const place = rows.findIndex(({ id }) => id === at)
    if (place >= 0) virtual.scrollToIndex(place, { align: 'auto' })
  }, [at])
}

function isPhone(): boolean {
  return matchMedia('(max-width: 719px)').matches
}
