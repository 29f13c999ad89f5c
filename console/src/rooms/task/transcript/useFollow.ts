import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'

export type Follow = { end: RefObject<HTMLDivElement | null>; isOn: boolean; begin: () => void }

const NEAR_PIXELS = 96

/** Who looks at the end stays there while more comes; who has scrolled away is left where they are. */
export function useFollow(count: number): Follow {
  const end = useRef<HTMLDivElement>(null)
  const [isOn, setOn] = useState(false)
  useEffect(() => {
    const look = () => setOn(isNear(end.current))
    look()
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    return () => {
      removeEventListener('scroll', look)
      removeEventListener('resize', look)
    }
  }, [])
  const before = useRef(0)
  useLayoutEffect(() => {
    // What was there before moves nobody away from the top.
    if (before.current === 0) setOn(isNear(end.current))
    else if (isOn && count > before.current) show(end.current)
    before.current = count
  }, [count, isOn])
  return {
    end,
    isOn,
    begin: () => {
      setOn(true)
      show(end.current)
    },
  }
}

function isNear(end: Element | null): boolean {
  return end !== null && end.getBoundingClientRect().bottom <= innerHeight + NEAR_PIXELS
}

function show(end: Element | null): void {
  // Nothing moves where the end is in view already.
  if (end && end.getBoundingClientRect().bottom > innerHeight) end.scrollIntoView({ block: 'end' })
}
