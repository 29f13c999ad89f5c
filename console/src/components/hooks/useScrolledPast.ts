import { type RefObject, useEffect, useRef, useState } from 'react'

/** Returns the element's height while it is above the part of the viewport that starts at the
 *  element's `scroll-margin-top`; otherwise null. `layout`: what that margin depends on. */
export function useScrolledPast<E extends HTMLElement>(
  layout?: unknown,
): [RefObject<E | null>, number | null] {
  const ref = useRef<E>(null)
  const [height, setHeight] = useState<number | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the margin is read again
  useEffect(() => {
    const element = ref.current
    if (!element) return
    // Elements that only touch the edge count as intersecting, so the edge is a pixel lower.
    const edge = (Number.parseFloat(getComputedStyle(element).scrollMarginTop) || 0) + 1
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry) return
        const { bottom, height } = entry.boundingClientRect
        setHeight(!entry.isIntersecting && bottom <= edge ? height : null)
      },
      { rootMargin: `-${edge}px 0px 0px` },
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [layout])
  return [ref, height]
}
