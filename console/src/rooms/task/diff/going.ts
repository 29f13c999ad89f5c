/** To a file, or to a thread, wherever it is on the page. */
import { barHeight, currentPath } from './current'

const TRIES = 20

/** Its head is under the bar then, and has focus as soon as it is drawn. */
export function goToFile(path: string): void {
  const box = document.querySelector<HTMLElement>(`[data-path=${CSS.escape(path)}]`)
  let tries = 0
  const go = () => {
    box?.scrollIntoView({ block: 'start' })
    const fold = box?.querySelector<HTMLElement>('[data-fold]')
    if (fold) fold.focus({ preventScroll: true })
    else if (tries++ < TRIES) requestAnimationFrame(go)
  }
  go()
}

/** To the file `step` files on. */
export function goByFiles(paths: string[], step: number): void {
  const at = paths.indexOf(currentPath() ?? '')
  const next = paths[at < 0 ? 0 : Math.min(Math.max(at + step, 0), paths.length - 1)]
  if (next !== undefined) goToFile(next)
}

/** What is far is not drawn yet: first to where it will be. */
export function goToThread(id: number): void {
  const name = `t${id}`
  let tries = 0
  const go = () => {
    const thread = document.getElementById(name)
    if (thread) {
      thread.scrollIntoView({ block: 'center' })
      thread.focus({ preventScroll: true })
      return
    }
    document.querySelector(`[data-places~=${name}]`)?.scrollIntoView({ block: 'center' })
    if (tries++ < TRIES) requestAnimationFrame(go)
  }
  go()
}

/** The thread `step` threads on from the one that has focus, or else from what is seen. */
export function byThreads(ids: number[], step: number): number | undefined {
  const focused = document.activeElement?.closest('[id^="t"][role="group"]')?.id
  const at = ids.findIndex((id) => `t${id}` === focused)
  if (at >= 0) return ids[at + step]
  const below = ids.findIndex(isBelowBar)
  const next = step > 0 ? below : (below < 0 ? ids.length : below) - 1
  // Behind the last comes the first.
  return ids.at(next < 0 && step > 0 ? 0 : next)
}

function isBelowBar(id: number): boolean {
  const place = document.getElementById(`t${id}`) ?? document.querySelector(`[data-places~=t${id}]`)
  return (place?.getBoundingClientRect().top ?? -1) >= barHeight()
}
