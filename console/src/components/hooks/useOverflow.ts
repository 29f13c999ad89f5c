import { type RefObject, useLayoutEffect, useState } from 'react'

/** Whether the element overflows horizontally and therefore must be focusable, to be scrolled by
 *  keyboard. */
export function useOverflow(element: RefObject<HTMLElement | null>): boolean {
  const [scrolls, setScrolls] = useState(false)
  useLayoutEffect(() => {
    const box = element.current
    if (!box) return
    const update = () => setScrolls(box.scrollWidth > box.clientWidth + 1)
    update()
    const watch = new ResizeObserver(update)
    watch.observe(box)
    for (const child of box.children) watch.observe(child)
    return () => watch.disconnect()
  }, [element])
  return scrolls
}
