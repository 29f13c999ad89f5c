import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { Style } from '../../../lib/ansi'
import { runsOf } from '../../../lib/ansi'
import type { Lines as Meant } from '../../../lib/lineLink'
import { seen } from '../../../lib/rows'
import { Broken } from '../../../ui/Broken'
import { words } from '../../../words'
import { Line } from './Line'
import styles from './log.module.css'
import { useAsked } from './useAsked'
import { useLines, useTotal } from './useLines'
import { ROW, useScroll } from './useScroll'

type Props = {
  taskId: number
  attempt: number
  /** The line to be brought into view, each time it is another one. */
  goTo: { line: number } | null
  follows: boolean
  onFollow: (is: boolean) => void
  meant: Meant | null
  onPress: (line: number, isShift: boolean) => void
  sought: string
  onSeen: (seen: { first: number; total: number }) => void
}

/** The lines of a log, of which only those are there that are seen. */
export function Lines(props: Props) {
  const { taskId, attempt, goTo, follows, onFollow, meant, onPress, sought, onSeen } = props
  const box = useRef<HTMLDivElement>(null)
  const { data: count = 0, isError, error, refetch } = useTotal(taskId, attempt)
  const { top, view, go, height, isEnd } = useScroll(box, count, follows)
  const { first, end } = seen(top, view, ROW, count)
  const wanted = useAsked(first, end)
  const line = useLines(taskId, attempt, wanted.first, wanted.end)

  const isDrawn = count > 0 && view > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: a larger view is no reason to go there again
  useEffect(() => {
    if (goTo && isDrawn) go(goTo.line * ROW - view / 3)
  }, [goTo, go, isDrawn])
  useEffect(() => onSeen({ first, total: count }), [first, count, onSeen])

  if (isError && count === 0) return <Broken error={error} again={() => void refetch()} />
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowDown: ROW, ArrowUp: -ROW, PageDown: view - ROW, PageUp: ROW - view }[
      event.key
    ]
    const to =
      event.key === 'Home' ? 0 : event.key === 'End' ? Number.POSITIVE_INFINITY : step && top + step
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    onFollow(false)
    go(to)
  }
  let style: Style = {}
  return (
    <section
      ref={box}
      className={styles.box}
      aria-label={words.log.lines}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
      tabIndex={0}
      onKeyDown={walk}
      onWheel={({ deltaY }) => follows !== (deltaY > 0 && isEnd) && onFollow(deltaY > 0 && isEnd)}
      onTouchMove={() => follows && onFollow(false)}
    >
      <div style={{ height }}>
        <div className={styles.window} style={{ height: view }}>
          <ol className={styles.rows} style={{ transform: `translateY(${-(top % ROW)}px)` }}>
            {Array.from({ length: end - first }, (_, place) => {
              const number = first + place
              const found = line(number)
              const { runs, after } = runsOf(found?.text ?? '', style)
              style = after
              return (
                <Line
                  key={number}
                  number={number}
                  line={found}
                  runs={runs}
                  sought={sought}
                  isMeant={!!meant && meant.first <= number && number <= meant.last}
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
