import { useEffect, useRef, useState } from 'react'
import { whenOnline } from '../../../lib/whenOnline'
import type { Glass, Wishes } from './glass'

/** xterm in `place`, from when it is loaded until the page goes. */
export function useGlass(wishes: Wishes) {
  const place = useRef<HTMLDivElement>(null)
  const [glass, setGlass] = useState<Glass | null>(null)
  const current = useRef(wishes)
  current.current = wishes
  useEffect(() => {
    let isGone = false
    let made: Glass | null = null
    void whenOnline(() => import('./glass')).then(({ glassIn }) => {
      if (isGone || !place.current) return
      made = glassIn(place.current, {
        name: current.current.name,
        fontSize: current.current.fontSize,
        open: (url) => current.current.open(url),
        leave: () => current.current.leave(),
        search: () => current.current.search(),
      })
      setGlass(made)
    })
    return () => {
      isGone = true
      made?.close()
    }
  }, [])
  useEffect(() => glass?.fontSize(wishes.fontSize), [glass, wishes.fontSize])
  return { place, glass }
}
