import { useRouterState } from '@tanstack/react-router'
import { useEffect } from 'react'

/** Moves the focus to the part of the page that the URL's hash names. */
export function useHashFocus(): void {
  const hash = useRouterState({ select: ({ location }) => location.hash })
  useEffect(() => {
    if (hash) document.getElementById(hash)?.focus()
  }, [hash])
}
