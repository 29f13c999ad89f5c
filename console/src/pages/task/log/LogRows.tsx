import { type KeyboardEvent, useEffect, useRef } from 'react'
import { ErrorMessage } from '../../../components/feedback/ErrorMessage'
import { strings } from '../../../i18n'
import type { Style } from '../../../lib/log/ansi'
import { parseRuns } from '../../../lib/log/ansi'
import type { LineRange as Meant } from '../../../lib/log/lineLink'
import { visibleRange } from '../../../lib/log/virtualScroll'
import { LogRow } from './LogRow'
import styles from './log.module.css'
import { useLineCount, useLines } from './useLines'
import { useRequestedRange } from './useRequestedRange'
import { ROW, useVirtualScroll } from './useVirtualScroll'

type Props = {
  taskId: number
  attempt: number
  /** The line to scroll into view, each time it changes. */
  goTo: { line: number } | null
  follows: boolean
  onFollow: (is: boolean) => void
  selected: Meant | null
  onPress: (line: number, isShift: boolean) => void
  query: string
  onVisibleChange: (seen: { first: number; total: number }) => void
}

/** The lines of a log, with virtual scrolling. */
export function LogRows(props: Props) {
  const { taskId, attempt, goTo, follows, onFollow, selected, onPress, query, onVisibleChange } =
    props
  const box = useRef<HTMLDivElement>(null)
  const { data: count = 0, isError, error, refetch } = useLineCount(taskId, attempt)
  const { top, view, go, height, isEnd } = useVirtualScroll(box, count, follows)
  const { first, end } = visibleRange(top, view, ROW, count)
  const wanted = useRequestedRange(first, end)
  const line = useLines(taskId, attempt, wanted.first, wanted.end)

  useGoTo(goTo, count > 0 ? view : 0, go)
  useEffect(() => onVisibleChange({ first, total: count }), [first, count, onVisibleChange])

  if (isError && count === 0) return <ErrorMessage error={error} again={() => void refetch()} />
  const handleKey = (event: KeyboardEvent) => {
    const to = topAfterKey(event, top, view)
    if (to === undefined) return
    event.preventDefault()
    onFollow(false)
    go(to)
  }
  let style: Style = {}
  return (
    <section
      ref={box}
      className={styles.box}
      aria-label={strings.log.lines}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: focusable so that a keyboard can scroll it
      tabIndex={0}
      onKeyDown={handleKey}
      onWheel={({ deltaY }) => follows !== (deltaY > 0 && isEnd) && onFollow(deltaY > 0 && isEnd)}
      onTouchMove={() => follows && onFollow(false)}
    >
      <div style={{ height }}>
        <div className={styles.window} style={{ height: view }}>
          <ol className={styles.rows} style={{ transform: `translateY(${-(top % ROW)}px)` }}>
            {Array.from({ length: end - first }, (_, place) => {
              const number = first + place
              const found = line(number)
              const { runs, after } = parseRuns(found?.text ?? '', style)
              style = after
              return (
                <LogRow
                  key={number}
                  number={number}
                  line={found}
                  runs={runs}
                  query={query}
                  isSelected={!!selected && selected.first <= number && number <= selected.last}
                  onPress={onPress}
                />
              )
            })}
          </ol>
        </div>
      </div>
    </section>
  )
}

/** Scrolls to the line once the rows are rendered. */
function useGoTo(goTo: Props['goTo'], view: number, go: (top: number) => void): void {
  const isDrawn = view > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: a resized view must not scroll there again
  useEffect(() => {
    if (goTo && isDrawn) go(goTo.line * ROW - view / 3)
  }, [goTo, go, isDrawn])
}

/** Returns where a key scrolls to, in pixels of all rows; undefined if the key doesn't scroll. */
function topAfterKey(event: KeyboardEvent, top: number, view: number): number | undefined {
  const { key, ctrlKey, metaKey, altKey } = event
  if (ctrlKey || metaKey || altKey) return undefined
  if (key === 'Home') return 0
  if (key === 'End') return Number.POSITIVE_INFINITY
  const step = { ArrowDown: ROW, ArrowUp: -ROW, PageDown: view - ROW, PageUp: ROW - view }[key]
  return step && top + step
}
