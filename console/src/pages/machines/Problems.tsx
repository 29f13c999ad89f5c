import { MachineStatusIcon, TONES } from '../../components/status/MachineStatus'
import { locale, strings } from '../../i18n'
import { formatPercent } from '../../lib/format/numbers'
import { joinSentences } from '../../lib/format/sentences'
import { formatTime } from '../../lib/format/times'
import { type Machine, machineStatus, slotsOf, type Task } from '../../lib/machine/machines'
import styles from './machines.module.css'

const DISK_FULL_PERCENT = 90

/** What is wrong with the machine or why it takes no tasks; renders nothing if all is well. */
export function Problems({ machine, tasks }: { machine: Machine; tasks: readonly Task[] }) {
  const texts = problemTexts(machine, tasks)
  if (texts.length === 0) return null
  const standing = machine.status === 'online' ? 'unhealthy' : machineStatus(machine)
  return (
    <p className={`notice ${styles.notice}`} data-is={TONES[standing]}>
      <MachineStatusIcon standing={standing} />
      <span>{joinSentences(texts, locale)}</span>
    </p>
  )
}

function problemTexts(machine: Machine, tasks: readonly Task[]): string[] {
  const words = strings.machines
  const { occupied, retained } = slotsOf(machine, tasks)
  const at = (moment: string) => formatTime(new Date(moment), locale)
  const found: string[] = []
  if (machine.uninstalledAt) return [words.uninstalledAt(at(machine.uninstalledAt))]
  if (machine.status === 'offline') {
    found.push(machine.lastSeenAt ? words.offlineSince(at(machine.lastSeenAt)) : words.neverSeen)
    if (occupied.length > 0) found.push(words.tasksWait(occupied.length))
  }
  if (machine.drain) {
    const { by, startedAt, note, deadline } = machine.drain
    found.push(words.drainedBy(by ?? words.muster, at(startedAt)))
    if (note) found.push(words.drainNote(note))
    const left = occupied.length + retained.length
    found.push(left > 0 ? words.stillThere(left) : words.isDry)
    if (deadline && left > 0) found.push(words.deadlineAt(at(deadline)))
  }
  const disk = machine.metrics.diskPercent ?? 0
  if (machine.status === 'online' && disk >= DISK_FULL_PERCENT) {
    found.push(words.diskFull(formatPercent(disk / 100, locale)))
  }
  return found
}
