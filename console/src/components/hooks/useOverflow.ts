import { type RefObject, useLayoutEffect, useState } from 'react'

/** Whether the element overflows horizontally and therefore must be focusable, to be scrolled by
 *  keyboard. */
export function useOverflow(element: RefObject<HTMLElement | null>): boolean {
  const [scrolls, setScrolls] = useState(false)
  useLayoutEffect(() => {
    const shown = element.current
    if (!shown) return
    const update = () => setScrolls(shown.scrollWidth > shown.clientWidth + 1)
    update()
    const watch = new ResizeObserver(update)
    watch.observe(shown)
    for (const child of shown.children) watch.observe(child)
    return () => watch.disconnect()
  }, [element])
  return scrolls
}
