import { StatusIcon } from '../../../components/status/Status'
import { locale, strings } from '../../../i18n'
import { formatInteger } from '../../../lib/format/numbers'
import styles from './terminal.module.css'
import type { TerminalState } from './terminalSession'

/** The connection's status, the terminal's size, and the position in the log. */
export function StatusBar({ shown, controls }: { shown: TerminalState; controls: boolean }) {
  const { connection } = shown
  const isLive = connection.is === 'live'
  const size = isLive ? connection : null
  const hand = isLive ? connection.people.find((one) => one.mode === 'control') : undefined
  return (
    <div className={styles.foot}>
      <span className="status" data-is={isLive ? 'running' : 'waits'}>
        <StatusIcon look={isLive ? 'running' : 'waits'} />
        {isLive ? strings.terminal.live : strings.terminal.notLive(connection)}
      </span>
      {size && (
        <span>
          {strings.terminal.size(size.cols, size.rows, hand && !hand.isYou ? hand.name : null)}
        </span>
      )}
      {isLive && (
        <span className="wide">{strings.terminal.byte(formatInteger(shown.offset, locale))}</span>
      )}
      <span className={`wide ${styles.end}`}>
        {controls ? strings.terminal.typedHere : strings.terminal.counted}
      </span>
    </div>
  )
}
