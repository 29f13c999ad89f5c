/** Scrolls to files and threads of the diff. */
import { coveredHeight, currentPath } from './currentFile'

/** Maximum frames to wait: a chunk is rendered only once the browser reports it as near. */
const MAX_TRIES = 60

/** Scrolls to the file's header and focuses it as soon as it is rendered. */
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

/** Goes to the file that is `step` files further. */
export function stepFiles(paths: string[], step: number): void {
  const at = paths.indexOf(currentPath() ?? '')
  const next = paths[at < 0 ? 0 : Math.min(Math.max(at + step, 0), paths.length - 1)]
  if (next !== undefined) goToFile(next)
}

/** What locates a thread: its ID, and the file that it is in. */
type ThreadTarget = { id: number; path: string | null }

/** Scrolls to a thread; if it isn't rendered yet, first to its placeholder. */
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

/** Returns the index of the thread `step` threads from the focused one, or else from the first
 *  in sight. */
export function nextThreadIndex(stands: ThreadTarget[], step: number): number {
  const focused = document.activeElement?.closest('[id^="t"][role="group"]')?.id
  const at = stands.findIndex(({ id }) => `t${id}` === focused)
  const below = stands.findIndex(isInSight)
  const from = at >= 0 ? at : step > 0 ? below - 1 : below < 0 ? stands.length : below
  // After the last thread comes the first.
  const next = (from + step + stands.length) % Math.max(stands.length, 1)
  return at < 0 && step > 0 && below < 0 ? 0 : next
}

function isInSight(stand: ThreadTarget): boolean {
  const place = document.getElementById(`t${stand.id}`) ?? threadAnchor(stand)
  return (place?.getBoundingClientRect().top ?? -1) >= coveredHeight()
}

/** Returns the placeholder in which the thread will be rendered, or else its file. */
function threadAnchor({ id, path }: ThreadTarget): Element | null {
  const space = document.querySelector(`[data-places~=t${id}]`)
  return space ?? (path ? document.querySelector(`[data-path=${CSS.escape(path)}]`) : null)
}
