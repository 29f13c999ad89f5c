import type { Schemas } from '../../../api/client'
import { StatusIcon } from '../../../components/status/Status'
import { locale, strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import { formatInteger } from '../../../lib/format/numbers'
import styles from './terminal.module.css'
import type { TerminalState } from './terminalSession'

type Props = {
  task: Pick<Schemas['TaskDetail'], 'readsTerminal' | 'agentType'>
  terminal: TerminalState
  controls: boolean
}

/** The connection's status, the terminal's size, and the position in the log. */
export function StatusBar({ task, terminal, controls }: Props) {
  const { connection } = terminal
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
        <span className="wide">
          {strings.terminal.byte(formatInteger(terminal.offset, locale))}
        </span>
      )}
      <span className={`wide ${styles.end}`}>{hintFor(task, controls)}</span>
    </div>
  )
}

function hintFor({ readsTerminal, agentType }: Props['task'], controls: boolean): string {
  if (!readsTerminal) return strings.terminal.readsNothing(agentName(agentType))
  return controls ? strings.terminal.typedHere : strings.terminal.counted
}
