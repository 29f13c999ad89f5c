import { Link } from '@tanstack/react-router'
import { useSyncExternalStore } from 'react'
import { canAsk, desktopState, onDesktopChange, turnOff, turnOn } from '../../live/desktop'
import { Button } from '../../ui/Button'
import { words } from '../../words'
import styles from './Notifications.module.css'

/** Whether this browser shows notifications on the desktop: by choice, asked at a press alone. */
export function Desktop() {
  const state = useSyncExternalStore(onDesktopChange, desktopState)
  return (
    <section className={styles.desktop} aria-labelledby="desktop">
      <h2 id="desktop">{words.notifications.desktop}</h2>
      <p className="soft">
        {state === 'denied' ? words.notifications.desktopDenied : words.notifications.desktopWhy}
      </p>
      <p className="row wrap">
        {canAsk() && state !== 'denied' && (
          <Button onClick={() => (state === 'on' ? turnOff() : void turnOn())}>
            {state === 'on' ? words.notifications.desktopOff : words.notifications.desktopOn}
          </Button>
        )}
        <Link className="link" to="/profile">
          {words.notifications.choose}
        </Link>
      </p>
    </section>
  )
}
