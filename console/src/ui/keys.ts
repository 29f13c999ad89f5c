/** Single keys: who listens, and what `?` tells of them. They sleep in fields, in a terminal, under
 *  a dialog, and where the person has switched them off. */
import { useEffect, useRef } from 'react'
import { hasteOf } from '../lib/haste'

export type Key = { key: string; what: string; do: (event: KeyboardEvent) => void }
type Group = { where: 'everywhere' | 'here'; keys: Key[] }

const KEPT = 'muster-keys'
const isHasty = hasteOf()
const groups = new Set<{ current: Group }>()
const fields = 'input, textarea, select, [contenteditable], .xterm, [data-keys="own"]'

export function areOn(): boolean {
  return localStorage.getItem(KEPT) !== 'off'
}

export function switchKeys(on: boolean): void {
  localStorage.setItem(KEPT, on ? 'on' : 'off')
}

/** Listen while the component is there. `key` is as `KeyboardEvent.key` has it, `Mod+k` with ⌘ or
 *  Ctrl; where two want one key, the one that came last has it. */
export function useKeys(where: Group['where'], keys: Key[]): void {
  const group = useRef<Group>({ where, keys })
  group.current = { where, keys }
  useEffect(() => {
    groups.add(group)
    return () => {
      groups.delete(group)
    }
  }, [])
}

/** What can be pressed now, for the dialog of keys. */
export function known(where: Group['where']): Key[] {
  return [...groups].filter(({ current }) => current.where === where).flatMap((g) => g.current.keys)
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing) return
  const name = nameOf(event)
  if (name === null || !mayHear(event, name)) return
  const found = [...groups].reverse().flatMap((group) => group.current.keys)
  const key = found.find((one) => one.key.toLowerCase() === name)
  if (!key) return
  event.preventDefault()
  if (!isHasty(event)) key.do(event)
})

function nameOf(event: KeyboardEvent): string | null {
  if (event.altKey) return null
  const key = event.key.toLowerCase()
  return event.metaKey || event.ctrlKey ? `mod+${key}` : key
}

function mayHear(event: KeyboardEvent, name: string): boolean {
  if (name.startsWith('mod+')) return true
  const target = event.target instanceof Element ? event.target : null
  if (!areOn() || target?.closest(fields)) return false
  // A control has its own Enter and Space, and a dialog all keys of its own.
  if ((name === 'enter' || name === ' ') && target?.closest('a, button, summary, [role]'))
    return false
  // A toast calls itself a dialog, and takes no keys.
  return document.querySelector('[role="dialog"]:not(.toast), [role="alertdialog"]') === null
}
