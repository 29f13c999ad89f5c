/** Single-key shortcuts: who handles them, and what the `?` dialog lists. They are inactive in
 *  fields, in a terminal, while a dialog is open, and if the user has switched them off. */
import { useEffect, useRef } from 'react'
import { createKeyRepeatGuard } from '../../lib/inbox/keyRepeatGuard'

export type Shortcut = { key: string; what: string; do: (event: KeyboardEvent) => void }
type Group = { where: 'everywhere' | 'here'; keys: Shortcut[] }

const STORAGE_KEY = 'muster-keys'
const MAX_PAUSE_MILLISECONDS = 1500
const NO_KEY = { name: '', at: Number.NEGATIVE_INFINITY }
const isRepeated = createKeyRepeatGuard()
/** The key before, which may begin a shortcut of two, such as `g t`. */
let firstKey = NO_KEY
const groups = new Set<{ current: Group }>()
const FIELD_SELECTOR = 'input, textarea, select, [contenteditable], .xterm, [data-keys="own"]'

export function areShortcutsEnabled(): boolean {
  return localStorage.getItem(STORAGE_KEY) !== 'off'
}

export function setShortcutsEnabled(on: boolean): void {
  localStorage.setItem(STORAGE_KEY, on ? 'on' : 'off')
}

/** Handles shortcuts while the component is mounted. `key` is that of `KeyboardEvent.key`; `Mod+k`
 *  means ⌘K or Ctrl+K, `g t` one key after the other. If two components use the same key, the one mounted last handles it. */
export function useShortcuts(where: Group['where'], keys: Shortcut[]): void {
  const group = useRef<Group>({ where, keys })
  group.current = { where, keys }
  useEffect(() => {
    groups.add(group)
    return () => {
      groups.delete(group)
    }
  }, [])
}

/** Returns the active shortcuts, for the dialog that lists them. */
export function activeShortcuts(where: Group['where']): Shortcut[] {
  return [...groups].filter(({ current }) => current.where === where).flatMap((g) => g.current.keys)
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing) return
  const name = keyName(event)
  if (name === null || !canTrigger(event, name)) return
  const all = [...groups].reverse().flatMap((group) => group.current.keys)
  const find = (keys: string) => all.find((one) => one.key.toLowerCase() === keys)
  const isSecond = event.timeStamp - firstKey.at < MAX_PAUSE_MILLISECONDS
  const key = (isSecond && find(`${firstKey.name} ${name}`)) || find(name)
  firstKey = key ? NO_KEY : { name, at: event.timeStamp }
  if (!key) return
  event.preventDefault()
  if (!isRepeated(event)) key.do(event)
})

function keyName(event: KeyboardEvent): string | null {
  if (event.altKey) return null
  const key = event.key.toLowerCase()
  return event.metaKey || event.ctrlKey ? `mod+${key}` : key
}

function canTrigger(event: KeyboardEvent, name: string): boolean {
  if (name.startsWith('mod+')) return true
  const target = event.target instanceof Element ? event.target : null
  if (!areShortcutsEnabled() || target?.closest(FIELD_SELECTOR)) return false
  // Controls handle Enter and Space themselves; dialogs handle all keys.
  if ((name === 'enter' || name === ' ') && target?.closest('a, button, summary, [role]'))
    return false
  // Toasts have the role of a dialog, but handle no keys.
  return document.querySelector('[role="dialog"]:not(.toast), [role="alertdialog"]') === null
}
