import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { agentName } from '../../lib/agents'
import { percent } from '../../lib/numbers'
import { type InboxItem, useUndrain } from '../../queries/inbox'
import { locale, words } from '../../words'
import { type Act, Doing } from './Doing'
import styles from './Needs.module.css'
import { Read } from './Read'

type Machine = Schemas['UnhealthyMachine']

/** A machine that is not well, and why. */
export function Unwell(props: { item: InboxItem; machine: Machine; isSelected: boolean }) {
  const { item, machine, isSelected } = props
  const undrain = useUndrain(machine.id)
  const acts: Act[] = item.acts.includes('undrain')
    ? [
        {
          name: words.needs.undrain,
          look: 'main',
          isOff: undrain.isPending || undrain.isSuccess,
          do: () => undrain.mutate(),
        },
      ]
    : []
  return (
    <>
      <p className={styles.where}>
        <b className="soft">{words.needs.kinds.machine}</b>
        <Link className="tall" to="/machines/$machineId" params={{ machineId: machine.id }}>
          {machine.name}
        </Link>
        <span>{asideOf(machine)}</span>
      </p>
      <p className={styles.what}>{saidOf(machine).join(' ')}</p>
      <div className={styles.foot}>
        <Doing acts={acts} isSelected={isSelected} />
        <Read item={item} isSelected={isSelected} />
      </div>
    </>
  )
}

function asideOf({ diskPercent, slots, troubles }: Machine): string {
  const isFull = troubles.some(({ reason }) => reason === 'disk_full')
  if (isFull && diskPercent !== null) return words.needs.disk(percent(diskPercent / 100, locale))
  return words.needs.slots(slots.used, slots.total)
}

function saidOf({ name, troubles, slots }: Machine): string[] {
  const said = troubles.flatMap(({ reason, agent, why }) => {
    const says = words.needs.troubles[reason](name, agentName(agent ?? ''))
    const because = reason === 'agent' ? words.needs.whys[why ?? ''] : undefined
    return because ? [says, because] : [says]
  })
  const isDraining = troubles.some(({ reason }) => reason !== 'agent')
  return isDraining && slots.used > 0 ? [...said, words.needs.stillRuns(slots.used)] : said
}
