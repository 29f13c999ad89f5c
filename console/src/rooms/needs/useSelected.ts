import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { InboxItem } from '../../queries/inbox'
import { useKeys } from '../../ui/keys'
import { words } from '../../words'
import { moved, selectedOf } from './order'
import { placeOf } from './place'

/** Which row is selected, by keys or by a press. A row that goes gives way to what follows it. */
export function useSelected(items: readonly InboxItem[]) {
  const ids = items.map(({ id }) => id)
  const [chosen, choose] = useState<string | null>(null)
  const before = useRef<readonly string[]>([])
  const selected = selectedOf(ids, chosen, before.current)
  before.current = ids
  const navigate = useNavigate()

  const step = (steps: 1 | -1) => {
    const id = moved(ids, chosen === null ? null : selected, steps)
    choose(id)
    if (id !== null) document.getElementById(id)?.scrollIntoView({ block: 'nearest' })
  }
  const open = () => {
    const item = items.find(({ id }) => id === selected)
    if (item) void navigate(placeOf(item))
  }
  useKeys('here', [
    { key: 'j', what: words.keys.next, do: () => step(1) },
    { key: 'k', what: words.keys.previous, do: () => step(-1) },
    { key: 'Enter', what: words.keys.open, do: open },
  ])
  return { selected, choose }
}
