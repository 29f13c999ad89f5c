/** Whether a tab of ours is before somebody's eyes, whichever of them: one that is holds a lock, which
 *  it lets go when it is hidden, and which goes with it when it dies. */
const LOCK = 'muster-in-front'

/** Stand for this tab, from now on. */
export function trackVisibility(): void {
  let letGo: (() => void) | null = null
  const updateLock = () => {
    const isSeen = document.visibilityState === 'visible'
    if (isSeen && letGo === null) {
      const hidden = new Promise<void>((resolve) => {
        letGo = resolve
      })
      void navigator.locks.request(LOCK, { mode: 'shared' }, () => hidden)
    } else if (!isSeen) {
      letGo?.()
      letGo = null
    }
  }
  updateLock()
  document.addEventListener('visibilitychange', updateLock)
}

export async function isAnyTabVisible(): Promise<boolean> {
  if (document.visibilityState === 'visible') return true
  const { held } = await navigator.locks.query()
  return held?.some(({ name }) => name === LOCK) ?? false
}
