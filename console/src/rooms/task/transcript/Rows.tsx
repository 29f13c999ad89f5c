import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import type { Row } from '../../../lib/transcript'
import { words } from '../../../words'
import { RowOf } from './RowOf'
import styles from './Transcript.module.css'

export type RowsProps = {
  task: Schemas['TaskDetail']
  rows: Row[]
  events: Schemas['Event'][]
  attempt: number
}

/** So many are drawn as they are: the browser's own search finds all in them. */
const FEW = 250

export function Rows(props: RowsProps) {
  if (props.rows.length > FEW) return <Many {...props} />
  return (
    <ol aria-label={words.transcript.label}>
      {props.rows.map((row) => (
        <li key={row.key}>
          <RowOf {...props} row={row} />
        </li>
      ))}
    </ol>
  )
}

/** Of many, those that are in view. */
function Many(props: RowsProps) {
  const { rows } = props
  const list = useRef<HTMLOListElement>(null)
  const [top, setTop] = useState(0)
  // What stands above grows and shrinks: a gate opens, a description is unfolded.
  useLayoutEffect(() => {
    const now = list.current ? list.current.getBoundingClientRect().top + scrollY : 0
    if (Math.abs(now - top) > 1) setTop(now)
  })
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (place) => (rows[place]?.is === 'stage' ? 44 : 64),
    getItemKey: (place) => rows[place]?.key ?? place,
    overscan: 12,
    scrollMargin: top,
  })
  return (
    <ol
      ref={list}
      aria-label={words.transcript.label}
      className={styles.many}
      style={{ height: virtual.getTotalSize() }}
    >
      {virtual.getVirtualItems().map(({ index, key, start }) => {
        const row = rows[index]
        return (
          row && (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start - top}px)` }}
            >
              <RowOf {...props} row={row} />
            </li>
          )
        )
      })}
    </ol>
  )
}
