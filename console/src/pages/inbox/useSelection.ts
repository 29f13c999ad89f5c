import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { useShortcuts } from '../../components/hooks/shortcuts'
import { strings } from '../../i18n'
import type { InboxItem } from '../../queries/inbox'
import { itemLink } from './links'
import { resolveSelection, stepSelection } from './selection'

/** Tracks the selected row, by keys or clicks. If it disappears, the one after it is selected. */
export function useSelection(items: readonly InboxItem[]) {
  const ids = items.map(({ id }) => id)
  const [chosen, choose] = useState<string | null>(null)
  const before = useRef<readonly string[]>([])
  const selected = resolveSelection(ids, chosen, before.current)
  before.current = ids
  const navigate = useNavigate()

  const step = (steps: 1 | -1) => {
    const id = stepSelection(ids, chosen === null ? null : selected, steps)
    choose(id)
    if (id !== null) document.getElementById(id)?.scrollIntoView({ block: 'nearest' })
  }
  const open = () => {
    const item = items.find(({ id }) => id === selected)
    if (item) void navigate(itemLink(item))
  }
  useShortcuts('here', [
    { key: 'j', what: strings.keys.next, do: () => step(1) },
    { key: 'k', what: strings.keys.previous, do: () => step(-1) },
    { key: 'Enter', what: strings.keys.open, do: open },
  ])
  return { selected, choose }
}
