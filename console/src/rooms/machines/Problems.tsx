import { type Machine, slotsOf, type Task } from '../../lib/fleet'
import { percent } from '../../lib/numbers'
import { clock } from '../../lib/times'
import { locale, words } from '../../words'
import { MachineMark, TONES } from './MachineMark'
import styles from './machines.module.css'

const FULL_PERCENT = 90

/** What is wrong with the machine or why it takes nothing, in a sentence. Nothing where all is well. */
export function Problems({ machine, tasks }: { machine: Machine; tasks: readonly Task[] }) {
  const said = sentences(machine, tasks)
  if (said.length === 0) return null
  const standing = machine.status === 'online' ? 'unwell' : machine.status
  return (
    <p className={`notice ${styles.notice}`} data-is={TONES[standing]}>
      <MachineMark standing={standing} />
      <span>{said.join(' ')}</span>
    </p>
  )
}

function sentences(machine: Machine, tasks: readonly Task[]): string[] {
  const say = words.machines
  const { held, kept } = slotsOf(machine, tasks)
  const at = (moment: string) => clock(new Date(moment), locale)
  const found: string[] = []
  if (machine.status === 'offline') {
    found.push(machine.lastSeenAt ? say.offlineSince(at(machine.lastSeenAt)) : say.neverSeen)
    if (held.length > 0) found.push(say.tasksWait(held.length))
  }
  if (machine.drain) {
    const { by, startedAt, note, deadline } = machine.drain
    found.push(say.drainedBy(by ?? say.muster, at(startedAt)))
    if (note) found.push(say.drainNote(note))
    const left = held.length + kept.length
    found.push(left > 0 ? say.stillThere(left) : say.isDry)
    if (deadline && left > 0) found.push(say.deadlineAt(at(deadline)))
  }
  const disk = machine.metrics.diskPercent ?? 0
  if (machine.status === 'online' && disk >= FULL_PERCENT) {
    found.push(say.diskFull(percent(disk / 100, locale)))
  }
  return found
}
