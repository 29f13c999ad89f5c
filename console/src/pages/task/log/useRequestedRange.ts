import { useEffect, useState } from 'react'

const SETTLE_MILLISECONDS = 60

/** Which rows to ask for: those that are seen, when they have been for a moment, and at once where
 *  they are next to those before. Who drags past a million lines asks for none of them. */
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
