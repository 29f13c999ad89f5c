/** Whether any tab of this browser is visible: a visible tab holds this lock. It is released when
 *  the tab is hidden or closed. */
const LOCK = 'muster-in-front'

/** Tracks this tab's visibility from now on. */
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
