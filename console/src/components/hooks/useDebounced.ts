import { useEffect, useState } from 'react'

/** The value as it is once it has not changed for so long: what is asked for while somebody types. */
export function useDebounced<T>(value: T, milliseconds: number): T {
  const [settled, settle] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => settle(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return settled
}
