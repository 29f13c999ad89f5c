/** To a file, or to a thread, wherever it is on the page. */
import { barHeight, currentPath } from './currentFile'

/** Frames: a piece is drawn when the browser has seen that it is near. */
const MAX_TRIES = 60

/** Its head is under the bar then, and has focus as soon as it is drawn. */
export function goToFile(path: string): void {
  const box = document.querySelector<HTMLElement>(`[data-path=${CSS.escape(path)}]`)
  let tries = 0
  const go = () => {
    box?.scrollIntoView({ block: 'start' })
    const fold = box?.querySelector<HTMLElement>('[data-fold]')
    if (fold) fold.focus({ preventScroll: true })
    else if (tries++ < MAX_TRIES) requestAnimationFrame(go)
  }
  go()
}

/** To the file `step` files on. */
export function stepFiles(paths: string[], step: number): void {
  const at = paths.indexOf(currentPath() ?? '')
  const next = paths[at < 0 ? 0 : Math.min(Math.max(at + step, 0), paths.length - 1)]
  if (next !== undefined) goToFile(next)
}

/** Where a thread stands: its id, and the file that it is in. */
type ThreadTarget = { id: number; path: string | null }

/** What is far is not drawn yet: first to where it will be. */
export function goToThread(stand: ThreadTarget): void {
  let tries = 0
  const go = () => {
    const thread = document.getElementById(`t${stand.id}`)
    ;(thread ?? threadAnchor(stand))?.scrollIntoView({ block: thread ? 'center' : 'start' })
    if (thread) thread.focus({ preventScroll: true })
    else if (tries++ < MAX_TRIES) requestAnimationFrame(go)
  }
  go()
}

/** The thread `step` threads on from the one that has focus, or else from what is seen. */
export function nextThreadIndex(stands: ThreadTarget[], step: number): number {
  const focused = document.activeElement?.closest('[id^="t"][role="group"]')?.id
  const at = stands.findIndex(({ id }) => `t${id}` === focused)
  const below = stands.findIndex(isBelowBar)
  const from = at >= 0 ? at : step > 0 ? below - 1 : below < 0 ? stands.length : below
  // Behind the last comes the first.
  const next = (from + step + stands.length) % Math.max(stands.length, 1)
  return at < 0 && step > 0 && below < 0 ? 0 : next
}

function isBelowBar(stand: ThreadTarget): boolean {
  const place = document.getElementById(`t${stand.id}`) ?? threadAnchor(stand)
  return (place?.getBoundingClientRect().top ?? -1) >= barHeight()
}

/** The space where the thread will be drawn, or else its file. */
function threadAnchor({ id, path }: ThreadTarget): Element | null {
  const space = document.querySelector(`[data-places~=t${id}]`)
  return space ?? (path ? document.querySelector(`[data-path=${CSS.escape(path)}]`) : null)
}
