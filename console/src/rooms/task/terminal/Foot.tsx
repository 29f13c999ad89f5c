import { whole } from '../../../lib/numbers'
import { StatusMark } from '../../../ui/Status'
import { locale, words } from '../../../words'
import type { Shown } from './session'
import styles from './terminal.module.css'

/** Whether it is live, how large it is and how far. */
export function Foot({ shown, controls }: { shown: Shown; controls: boolean }) {
  const { line } = shown
  const isLive = line.is === 'live'
  const size = isLive ? line : null
  const hand = isLive ? line.people.find((one) => one.mode === 'control') : undefined
  return (
    <div className={styles.foot}>
      <span className="status" data-is={isLive ? 'running' : 'waits'}>
        <StatusMark look={isLive ? 'running' : 'waits'} />
        {isLive ? words.terminal.live : words.terminal.notLive(line)}
      </span>
      {size && (
        <span>
          {words.terminal.size(size.cols, size.rows, hand && !hand.isYou ? hand.name : null)}
        </span>
      )}
      {isLive && <span className="wide">{words.terminal.byte(whole(shown.offset, locale))}</span>}
      <span className={`wide ${styles.end}`}>
        {controls ? words.terminal.typedHere : words.terminal.counted}
      </span>
    </div>
  )
}
