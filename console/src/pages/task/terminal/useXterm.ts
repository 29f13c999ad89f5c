import { useEffect, useRef, useState } from 'react'
import { loadWhenOnline } from '../../../lib/net/onlineRetry'
import type { Xterm, XtermOptions } from './xterm'

/** Runs xterm in `place`, from when its code is loaded until the component unmounts. */
export function useXterm(wishes: XtermOptions) {
  const place = useRef<HTMLDivElement>(null)
  const [glass, setGlass] = useState<Xterm | null>(null)
  const current = useRef(wishes)
  current.current = wishes
  useEffect(() => {
    let isGone = false
    let made: Xterm | null = null
    void loadWhenOnline(() => import('./xterm')).then(({ createXterm }) => {
      if (isGone || !place.current) return
      made = createXterm(place.current, {
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
