import { Link } from '@tanstack/react-router'
import { useSyncExternalStore } from 'react'
import { Button } from '../../components/controls/Button'
import { strings } from '../../i18n'
import {
  canNotify,
  desktopState,
  disableDesktopNotifications,
  enableDesktopNotifications,
  onDesktopChange,
} from '../../realtime/desktopNotifications'
import styles from './Notifications.module.css'

/** A switch for this browser's desktop notifications. Asks for permission only on a click. */
export function DesktopNotifications() {
  const state = useSyncExternalStore(onDesktopChange, desktopState)
  return (
    <section className={styles.desktop} aria-labelledby="desktop">
      <h2 id="desktop">{strings.notifications.desktop}</h2>
      <p className="soft">
        {state === 'denied'
          ? strings.notifications.desktopDenied
          : strings.notifications.desktopWhy}
      </p>
      <p className="row wrap">
        {canNotify() && state !== 'denied' && (
          <Button
            onClick={() =>
              state === 'on' ? disableDesktopNotifications() : void enableDesktopNotifications()
            }
          >
            {state === 'on' ? strings.notifications.desktopOff : strings.notifications.desktopOn}
          </Button>
        )}
        <Link className="link" to="/profile">
          {strings.notifications.choose}
        </Link>
      </p>
    </section>
  )
}
