import { useState, useSyncExternalStore } from 'react'
import type { Layout } from './review/reviewContext'

const STORAGE_KEY = 'muster-diff-layout'
const PHONE_QUERY = '(max-width: 719px)'

/** Returns the layout last chosen in this browser; on phones, always `narrow`. */
export function useLayout(): [Layout, (layout: Layout) => void] {
  const [chosen, setChosen] = useState<Layout>(
    localStorage.getItem(STORAGE_KEY) === 'split' ? 'split' : 'unified',
  )
  const isPhone = useSyncExternalStore(listen, () => matchMedia(PHONE_QUERY).matches)
  const choose = (layout: Layout) => {
    localStorage.setItem(STORAGE_KEY, layout)
    setChosen(layout)
  }
  return [isPhone ? 'narrow' : chosen, choose]
}

function listen(listener: () => void): () => void {
  const query = matchMedia(PHONE_QUERY)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}
