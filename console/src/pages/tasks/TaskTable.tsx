import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react'
import { strings } from '../../i18n'
import type { Row } from '../../lib/task/tableRows'
import { TaskRow } from './TaskRow'
import styles from './Tasks.module.css'

const ROW_HEIGHT = 41
const CARD_HEIGHT = 130
const PREFETCH_ROWS = 60

type Props = {
  rows: Row[]
  hasMore: boolean
  /** Whether the next page can be requested now. */
  canRead: boolean
  onMore: () => void
  chosen: ReadonlySet<number>
  onChoose: (id: number) => void
  onChooseAll: () => void
  /** The ID of the row that the keys act on. */
  at: number | null
  onOpen: (id: number) => void
}

/** A table of tasks with virtual scrolling: only the rows in view are rendered. */
export function TaskTable(props: Props) {
  const { rows, hasMore, canRead, onMore, chosen, at } = props
  const body = useRef<HTMLTableSectionElement>(null)
  const top = useTop(body)
  const keyOf = useCallback((place: number) => rows[place]?.id ?? place, [rows])
  const virtual = useWindowVirtualizer<HTMLTableRowElement>({
    count: rows.length,
    estimateSize: () => (isPhone() ? CARD_HEIGHT : ROW_HEIGHT),
    getItemKey: keyOf,
    overscan: 12,
    scrollMargin: top,
  })
  const visible = virtual.getVirtualItems()
  const [first, last] = [visible[0], visible.at(-1)]
  usePrefetch(last?.index ?? 0, rows.length, canRead, onMore)
  useScrollIntoView(at, rows, virtual)
  const above = first ? first.start - top : 0
  const below = last ? virtual.getTotalSize() - (last.end - top) : 0
  const areAllChosen = rows.length > 0 && rows.every(({ id }) => chosen.has(id))
  return (
    <div className={`panel ${styles.list}`}>
      <table
        className={`table ${styles.tasks}`}
        aria-label={strings.tasks.table}
        aria-rowcount={hasMore ? -1 : rows.length + 1}
      >
        <Head areAllChosen={areAllChosen} onChooseAll={props.onChooseAll} />
        <tbody ref={body}>
          <Spacer height={above} />
          {visible.map(({ index }) => {
            const row = rows[index]
            return (
              row && (
                <TaskRow
                  key={row.id}
                  row={row}
                  index={index}
                  isChosen={chosen.has(row.id)}
                  isAt={at === row.id}
                  onChoose={props.onChoose}
                  onOpen={props.onOpen}
                  measure={virtual.measureElement}
                />
              )
            )
          })}
          <Spacer height={below} />
        </tbody>
      </table>
    </div>
  )
}

function Head(props: { areAllChosen: boolean; onChooseAll: () => void }) {
  return (
    <thead>
      <tr>
        <th className={styles.pick}>
          <input
            type="checkbox"
            aria-label={strings.tasks.selectAll}
            checked={props.areAllChosen}
            onChange={props.onChooseAll}
          />
        </th>
        <th className={styles.st}>{strings.tasks.status}</th>
        <th aria-sort="descending">
          {strings.tasks.task} <span aria-hidden="true">↓</span>
        </th>
        <th className={styles.pr}>{strings.tasks.project}</th>
        <th className={styles.ag}>{strings.tasks.agent}</th>
        <th className={styles.sg}>{strings.tasks.stage}</th>
        <th className={styles.why}>{strings.tasks.why}</th>
        <th className={`${styles.ch} num`}>{strings.tasks.changes}</th>
        <th className={styles.by}>
          <span className="hidden">{strings.tasks.createdBy}</span>
        </th>
        <th className={`${styles.ago} num`}>{strings.tasks.since}</th>
      </tr>
    </thead>
  )
}

/** Returns where the rows start, in pixels of the page. */
function useTop(body: RefObject<HTMLTableSectionElement | null>): number {
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const updateTop = () => {
      const box = body.current?.getBoundingClientRect()
      if (box) setTop(Math.round(box.top + scrollY))
    }
    updateTop()
    const seen = new ResizeObserver(updateTop)
    seen.observe(document.body)
    return () => seen.disconnect()
  }, [body])
  return top
}

/** A placeholder for the rows that aren't rendered. */
function Spacer({ height }: { height: number }) {
  if (height <= 0) return null
  return (
    <tr aria-hidden="true" className={styles.space}>
      <td colSpan={10} style={{ height }} />
    </tr>
  )
}

/** Loads the next page before the last row is in view. */
function usePrefetch(last: number, count: number, canRead: boolean, onMore: () => void): void {
  const isNear = canRead && last >= count - PREFETCH_ROWS
  const more = useRef(onMore)
  more.current = onMore
  // biome-ignore lint/correctness/useExhaustiveDependencies: with more rows, the end may be near again
  useLayoutEffect(() => {
    if (isNear) more.current()
  }, [isNear, count])
}

/** Scrolls to the row that the keys act on. */
function useScrollIntoView(
  at: number | null,
  rows: Row[],
  virtual: ReturnType<typeof useWindowVirtualizer<HTMLTableRowElement>>,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a change of the row must scroll
  useLayoutEffect(() => {
    if (at === null) return
    const place = rows.findIndex(({ id }) => id === at)
    if (place >= 0) virtual.scrollToIndex(place, { align: 'auto' })
  }, [at])
}

function isPhone(): boolean {
  return matchMedia('(max-width: 719px)').matches
}
