import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import styles from './VirtualList.module.css'

/** A long list that scrolls with the window and renders only the items in view. */
export function VirtualList<T extends object>(props: {
  items: readonly T[]
  keyOf: (item: T) => string | number
  /** Estimated height in pixels, until the item is rendered. */
  tall: (item: T) => number
  /** How many items to render above and below those in view. */
  beyond: number
  draw: (item: T) => ReactNode
  label?: string
  className?: string
}) {
  const { items, keyOf, tall, beyond, draw, label, className = '' } = props
  const list = useRef<HTMLOListElement>(null)
  const [top, setTop] = useState(0)
  // Content above the list changes its height: a gate opens, a description expands.
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
