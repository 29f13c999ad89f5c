import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { elementHeight, maxTop, scrollForTop, topAfterScroll } from '../../../lib/log/virtualScroll'

export const ROW = 20
const REST_MILLISECONDS = 150

/** Virtual scrolling through any number of rows in `box`. `top` is in pixels of all rows. */
export function useVirtualScroll(
  box: RefObject<HTMLElement | null>,
  count: number,
  isAtEnd: boolean,
) {
  const [top, setTop] = useState(0)
  const view = useHeight(box)
  const rows = { height: count * ROW, view }
  const state = useRef({ top, rows, scroll: 0 })
  state.current.rows = rows
  state.current.top = top

  const go = useCallback(
    (to: number) => {
      const { rows } = state.current
      const next = Math.max(0, Math.min(maxTop(rows), to))
      state.current.top = next
      state.current.scroll = scrollForTop(next, rows)
      setTop(next)
      if (box.current) box.current.scrollTop = state.current.scroll
    },
    [box],
  )

  useEffect(() => {
    const element = box.current
    if (!element) return
    let rest: ReturnType<typeof setTimeout> | undefined
    const handleScroll = () => {
      const { top, scroll, rows } = state.current
      const now = element.scrollTop
      if (Math.abs(now - scroll) < 1) return
      const next = topAfterScroll(top, scroll, now, rows)
      state.current.top = next
      state.current.scroll = now
      setTop(next)
      clearTimeout(rest)
      // Correct the browser's scroll position once scrolling pauses.
      rest = setTimeout(() => go(state.current.top), REST_MILLISECONDS)
    }
    element.addEventListener('scroll', handleScroll, { passive: true })
    return () => {
      clearTimeout(rest)
      element.removeEventListener('scroll', handleScroll)
    }
  }, [box, go])

  // biome-ignore lint/correctness/useExhaustiveDependencies: with more rows or another size, the end is elsewhere
  useLayoutEffect(() => {
    if (isAtEnd) go(Number.POSITIVE_INFINITY)
  }, [isAtEnd, count, view, go])

  return { top, view, go, height: elementHeight(rows), isEnd: top >= maxTop(rows) - 1 }
}

/** Returns the element's current height, in pixels. */
function useHeight(box: RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0)
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const sizes = new ResizeObserver(() => setHeight(element.clientHeight))
    sizes.observe(element)
    setHeight(element.clientHeight)
    return () => sizes.disconnect()
  }, [box])
  return height
}
