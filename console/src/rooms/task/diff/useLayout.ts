import { useState, useSyncExternalStore } from 'react'
import type { Layout } from './review'

const KEPT = 'muster-diff-layout'
const phone = '(max-width: 719px)'

/** In one column or two, as this browser last had it; on a phone in one. */
export function useLayout(): [Layout, (layout: Layout) => void] {
  const [chosen, setChosen] = useState<Layout>(
    localStorage.getItem(KEPT) === 'split' ? 'split' : 'unified',
  )
  const isPhone = useSyncExternalStore(listen, () => matchMedia(phone).matches)
  const choose = (layout: Layout) => {
    localStorage.setItem(KEPT, layout)
    setChosen(layout)
  }
  return [isPhone ? 'narrow' : chosen, choose]
}

function listen(listener: () => void): () => void {
  const query = matchMedia(phone)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}
