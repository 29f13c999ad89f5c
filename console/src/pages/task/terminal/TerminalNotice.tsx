import { Check, TriangleAlert, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '../../../components/controls/Button'
import { useNow } from '../../../components/hooks/useNow'
import { locale, strings } from '../../../i18n'
import { formatBytes, formatInteger } from '../../../lib/format/numbers'
import { formatDuration, formatTimeWithSeconds } from '../../../lib/format/times'
import styles from './terminal.module.css'
import type { TerminalState } from './terminalSession'

/** The most important notice about the terminal, if any. */
export function TerminalNotice(props: Props) {
  const { terminal, stages, isShell, isOver, onReconnect, onDismiss } = props
  const seeLog = isShell ? '' : strings.terminal.seeLog
  const { connection } = terminal
  if (connection.is === 'away')
    return (
      <DisconnectedNotice
        since={connection.since}
        triedAt={connection.triedAt}
        again={onReconnect}
      />
    )
  if (connection.is === 'over' && connection.why !== 'none' && connection.why !== 'task') {
    return (
      <Notice
        isBad={connection.why !== 'shell'}
        act={
          <Button onClick={onReconnect}>
            {connection.why === 'shell' ? strings.terminal.openAnother : strings.common.retry}
          </Button>
        }
      >
        {strings.terminal.endReasons[connection.why]}
      </Notice>
    )
  }
  if (terminal.isBroken) return <Notice isBad>{strings.terminal.lastBroken}</Notice>
  if (terminal.isFinalScreen || (isOver && connection.is === 'over'))
    return <Notice>{isOver ? strings.terminal.ended : strings.terminal.last}</Notice>
  if (terminal.isInputIgnored)
    return <Notice close={onDismiss}>{strings.terminal.inputIgnored}</Notice>
  if (terminal.takenOver) {
    return <Notice close={onDismiss}>{strings.terminal.takenOver(terminal.takenOver)}</Notice>
  }
  if (terminal.back)
    return (
      <Notice close={onDismiss}>{<ReconnectedText back={terminal.back} seeLog={seeLog} />}</Notice>
    )
  if (terminal.exit) {
    const { stageIndex, code } = terminal.exit
    const name = stages[stageIndex]?.name ?? String(stageIndex + 1)
    return <Notice close={onDismiss}>{strings.terminal.exited(name, code)}</Notice>
  }
  if (terminal.skipped) {
    const size = formatBytes(terminal.skipped.to - terminal.skipped.from, locale)
    return (
      <Notice close={onDismiss}>
        {strings.terminal.skipped(size)} {seeLog}
      </Notice>
    )
  }
  return null
}

type Props = {
  terminal: TerminalState
  stages: { name: string }[]
  /** No log has what a shell writes. */
  isShell: boolean
  isOver: boolean
  onReconnect: () => void
  onDismiss: () => void
}

function ReconnectedText(props: { back: NonNullable<TerminalState['back']>; seeLog: string }) {
  const { back, seeLog } = props
  const away = strings.terminal.backAfter(formatDuration(back.awayMilliseconds, strings.units))
  if (back.missed) {
    const { from, to } = back.missed
    return (
      <>
        {away} {strings.terminal.missed(formatInteger(from, locale), formatInteger(to, locale))}{' '}
        {seeLog}
      </>
    )
  }
  return (
    <>
      {away} {strings.terminal.missedNothing}
      <span className="wide">
        {strings.terminal.cameSince(back.bytes, formatInteger(back.bytes, locale))}
      </span>
    </>
  )
}

function DisconnectedNotice(props: { since: number; triedAt: number; again: () => void }) {
  const seconds = Math.max(0, Math.ceil((props.triedAt - useNow()) / 1000))
  const since = formatTimeWithSeconds(new Date(props.since), locale)
  return (
    <Notice isBad act={<Button onClick={props.again}>{strings.terminal.tryNow}</Button>}>
      {strings.common.notLive(since)}, {strings.common.triedAgain(seconds)}
    </Notice>
  )
}

function Notice(props: {
  children: ReactNode
  isBad?: boolean
  act?: ReactNode
  close?: () => void
}) {
  return (
    <p className={styles.told} role="status" data-bad={props.isBad}>
      {props.isBad ? <TriangleAlert className="i" /> : <Check className="i" />}
      <span className="grow">{props.children}</span>
      {props.act}
      {props.close && (
        <Button
          variant="quiet"
          size="square"
          aria-label={strings.common.close}
          onClick={props.close}
        >
          <X className="i" />
        </Button>
      )}
    </p>
  )
}
