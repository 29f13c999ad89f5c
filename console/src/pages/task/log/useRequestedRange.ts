import { useEffect, useState } from 'react'

const SETTLE_MILLISECONDS = 60

/** Returns the rows to request: the visible ones, once they have been visible for a moment, or at
 *  once if they are near the previous ones. Dragging past a million lines requests none of them. */
export function useRequestedRange(first: number, end: number): { first: number; end: number } {
  const [asked, setAsked] = useState({ first, end })
  const isNear = Math.abs(first - asked.first) < 400
  useEffect(() => {
    if (isNear) return
    const timer = setTimeout(() => setAsked({ first, end }), SETTLE_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [first, end, isNear])
  useEffect(() => {
    if (isNear && (first !== asked.first || end !== asked.end)) setAsked({ first, end })
  }, [first, end, isNear, asked])
  return asked
}
