import { type RefObject, useLayoutEffect, useState } from 'react'

/** Whether the element has more than is in view: then it takes the keyboard's focus, to be scrolled. */
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
