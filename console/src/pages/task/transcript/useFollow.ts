import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'

export type Follow = { end: RefObject<HTMLDivElement | null>; isOn: boolean; start: () => void }

const NEAR_PIXELS = 96

/** Follows new entries while scrolled to the end; otherwise keeps the position. */
export function useFollow(count: number): Follow {
  const end = useRef<HTMLDivElement>(null)
  const [isOn, setOn] = useState(false)
  useEffect(() => {
    const updateFollowing = () => setOn(isNear(end.current))
    updateFollowing()
    addEventListener('scroll', updateFollowing, { passive: true })
    addEventListener('resize', updateFollowing)
    return () => {
      removeEventListener('scroll', updateFollowing)
      removeEventListener('resize', updateFollowing)
    }
  }, [])
  const before = useRef(0)
  useLayoutEffect(() => {
    // The first entries loaded must not scroll the page away from its top.
    if (before.current === 0) setOn(isNear(end.current))
    else if (isOn && count > before.current) scrollToEnd(end.current)
    before.current = count
  }, [count, isOn])
  return {
    end,
    isOn,
    start: () => {
      setOn(true)
      scrollToEnd(end.current)
    },
  }
}

function isNear(end: Element | null): boolean {
  return end !== null && end.getBoundingClientRect().bottom <= innerHeight + NEAR_PIXELS
}

function scrollToEnd(end: Element | null): void {
  // Don't scroll if the end is already in view.
  if (end && end.getBoundingClientRect().bottom > innerHeight) end.scrollIntoView({ block: 'end' })
}
