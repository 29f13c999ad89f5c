/** Tracks which file is at the top of the viewport. */
import { useSyncExternalStore } from 'react'

let currentFile: string | null = null
const listeners = new Set<() => void>()
let isScheduled = false

export const useCurrentFile = () => useSyncExternalStore(listen, () => currentFile)

/** Returns the path of the uppermost file in sight. */
export function currentPath(): string | null {
  const x = innerWidth / 2
  const top = coveredHeight()
  for (const y of [top + 12, top + 60]) {
    const box = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-path]')
    if (box?.dataset.path) return box.dataset.path
  }
  return null
}

/** Returns the height in pixels of what covers the upper edge of the page: the view scrolls to just
 *  below it. */
export function coveredHeight(): number {
  const view = document.getElementById('view')
  return view ? Number.parseFloat(getComputedStyle(view).scrollMarginTop) || 0 : 0
}

function listen(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('scroll', updateCurrentFile, { passive: true })
  listeners.add(listener)
  updateCurrentFile()
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) removeEventListener('scroll', updateCurrentFile)
  }
}

function updateCurrentFile(): void {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(() => {
    isScheduled = false
    const path = currentPath()
    if (path === currentFile) return
    currentFile = path
    for (const listener of listeners) listener()
  })
}
