import { Check, TriangleAlert, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { bytes, whole } from '../../../lib/numbers'
import { clockWithSeconds, duration } from '../../../lib/times'
import { Button } from '../../../ui/Button'
import { useNow } from '../../../ui/useNow'
import { locale, words } from '../../../words'
import type { Shown } from './session'
import styles from './terminal.module.css'

/** What one has to know of what is shown, if there is anything; the gravest alone. */
export function Told({ shown, stages, isOver, again, forget }: Props) {
  const { line } = shown
  if (line.is === 'away') return <Away since={line.since} triedAt={line.triedAt} again={again} />
  if (line.is === 'over' && line.why !== 'none' && line.why !== 'task') {
    return (
      <Strip isBad act={<Button onClick={again}>{words.common.retry}</Button>}>
        {words.terminal.over[line.why]}
      </Strip>
    )
  }
  if (shown.isBroken) return <Strip isBad>{words.terminal.lastBroken}</Strip>
  if (shown.isLast || (isOver && line.is === 'over'))
    return <Strip>{isOver ? words.terminal.ended : words.terminal.last}</Strip>
  if (shown.isUnheard) return <Strip close={forget}>{words.terminal.unheard}</Strip>
  if (shown.takenOver) {
    return <Strip close={forget}>{words.terminal.takenOver(shown.takenOver)}</Strip>
  }
  if (shown.back) return <Strip close={forget}>{<WasAway back={shown.back} />}</Strip>
  if (shown.exit) {
    const { stageIndex, code } = shown.exit
    const name = stages[stageIndex]?.name ?? String(stageIndex + 1)
    return <Strip close={forget}>{words.terminal.exited(name, code)}</Strip>
  }
  if (shown.skipped) {
    const { from, to } = shown.skipped
    return <Strip close={forget}>{words.terminal.skipped(bytes(to - from, locale))}</Strip>
  }
  return null
}

type Props = {
  shown: Shown
  stages: { name: string }[]
  isOver: boolean
  again: () => void
  forget: () => void
}

function WasAway({ back }: { back: NonNullable<Shown['back']> }) {
  const away = words.terminal.backAfter(duration(back.awayMilliseconds, words.units))
  if (back.missed) {
    const { from, to } = back.missed
    return (
      <>
        {away} {words.terminal.missed(whole(from, locale), whole(to, locale))}
      </>
    )
  }
  return (
    <>
      {away} {words.terminal.missedNothing}
      <span className="wide">
        {words.terminal.cameSince(back.bytes, whole(back.bytes, locale))}
      </span>
    </>
  )
}

function Away(props: { since: number; triedAt: number; again: () => void }) {
  const seconds = Math.max(0, Math.ceil((props.triedAt - useNow('seconds')) / 1000))
  const since = clockWithSeconds(new Date(props.since), locale)
  return (
    <Strip isBad act={<Button onClick={props.again}>{words.terminal.tryNow}</Button>}>
      {words.common.notLive(since)}, {words.common.triedAgain(seconds)}
    </Strip>
  )
}

function Strip(props: {
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
        <Button look="quiet" size="square" aria-label={words.common.close} onClick={props.close}>
          <X className="i" />
        </Button>
      )}
    </p>
  )
}
