import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import styles from './VirtualList.module.css'

/** A long list in the window, of which those that are in view are drawn. */
export function VirtualList<T extends object>(props: {
  items: readonly T[]
  keyOf: (item: T) => string | number
  /** About how tall it is, in pixels, before it is drawn. */
  tall: (item: T) => number
  /** So many are drawn above and below what is seen. */
  beyond: number
  draw: (item: T) => ReactNode
  label?: string
  className?: string
}) {
  const { items, keyOf, tall, beyond, draw, label, className = '' } = props
  const list = useRef<HTMLOListElement>(null)
  const [top, setTop] = useState(0)
  // What stands above grows and shrinks: a gate opens, a description is unfolded.
  useLayoutEffect(() => {
    const now = list.current ? list.current.getBoundingClientRect().top + scrollY : 0
    if (Math.abs(now - top) > 1) setTop(now)
  })
  const virtual = useWindowVirtualizer({
    count: items.length,
    estimateSize: (place) => (items[place] ? tall(items[place]) : 0),
    getItemKey: (place) => (items[place] ? keyOf(items[place]) : place),
    overscan: beyond,
    scrollMargin: top,
  })
  return (
    <ol
      ref={list}
      aria-label={label}
      className={`${styles.items} ${className}`}
      style={{ height: virtual.getTotalSize() }}
    >
      {virtual.getVirtualItems().map(({ index, key, start }) => {
        const item = items[index]
        return (
          item && (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              aria-setsize={items.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start - top}px)` }}
            >
              {draw(item)}
            </li>
          )
        )
      })}
    </ol>
  )
}
