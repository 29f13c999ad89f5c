/** Renders what is near the viewport; the rest is a placeholder of its height. */
import { type RefObject, useEffect, useRef, useState } from 'react'

const MARGIN = '1400px 0px'
const listeners = new Map<Element, (isNear: boolean) => void>()
let observer: IntersectionObserver | undefined

/** Whether the element is near the viewport. Stops being near only if `canLeave` allows it. */
export function useNearViewport<E extends Element>(
  canLeave: (element: E) => boolean,
): [RefObject<E | null>, boolean] {
  const ref = useRef<E>(null)
  const [isNear, setNear] = useState(false)
  const mayLeave = useRef(canLeave)
  mayLeave.current = canLeave
  useEffect(() => {
    const element = ref.current
    if (!element) return
    return observe(element, (now) =>
      setNear((before) => now || (before && !mayLeave.current(element))),
    )
  }, [])
  return [ref, isNear]
}

function observe(element: Element, listener: (isNear: boolean) => void): () => void {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const entry of entries) listeners.get(entry.target)?.(entry.isIntersecting)
    },
    { rootMargin: MARGIN },
  )
  listeners.set(element, listener)
  observer.observe(element)
  return () => {
    listeners.delete(element)
    observer?.unobserve(element)
  }
}
