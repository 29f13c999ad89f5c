/** Desktop notifications, off by default. Permission is requested only on a click; they are shown
 *  while no tab of this browser is visible. All tabs receive the updates; the one that gets a
 *  notification's lock shows it. */

import { notificationTitle } from '../api/notificationTitle'
import { onStreamUpdate } from './stream'
import { isAnyTabVisible, trackVisibility } from './tabVisibility'

type DesktopState = 'on' | 'off' | 'denied'

const STORAGE_KEY = 'muster-desktop'
const SHOWN_MILLISECONDS = 1000
const listeners = new Set<() => void>()

export function canNotify(): boolean {
  return 'Notification' in window
}

export function desktopState(): DesktopState {
  if (!canNotify() || Notification.permission === 'denied') return 'denied'
  const isOn = localStorage.getItem(STORAGE_KEY) === 'on' && Notification.permission === 'granted'
  return isOn ? 'on' : 'off'
}

export function onDesktopChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Requests the browser's permission. */
export async function enableDesktopNotifications(): Promise<void> {
  const answer = await Notification.requestPermission()
  storePreference(answer === 'granted')
}

export function disableDesktopNotifications(): void {
  storePreference(false)
}

/** Shows notifications from now on. `open`: opens the task that one is about; null: the list. */
export function startDesktopNotifications(open: (taskId: number | null) => void): () => void {
  trackVisibility()
  return onStreamUpdate(
    ({ notifications }) => {
      for (const one of notifications)
        void showNotification(one.id, notificationTitle(one), one.body, () => open(one.taskId))
    },
    () => undefined,
  )
}

async function showNotification(id: number, title: string, body: string, onPress: () => void) {
  if (desktopState() !== 'on' || (await isAnyTabVisible())) return
  await navigator.locks.request(`muster-told-${id}`, { ifAvailable: true }, async (lock) => {
    if (lock === null) return
    const notification = new Notification(title, { body, tag: `muster-${id}` })
    notification.onclick = () => {
      window.focus()
      onPress()
      notification.close()
    }
    // Holds the lock until the other tabs have received it, too.
    await new Promise((resolve) => setTimeout(resolve, SHOWN_MILLISECONDS))
  })
}

function storePreference(isOn: boolean): void {
  localStorage.setItem(STORAGE_KEY, isOn ? 'on' : 'off')
  for (const listener of listeners) listener()
}
