import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { locale, strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { formatPercent } from '../../lib/format/numbers'
import { joinSentences } from '../../lib/format/sentences'
import { type InboxItem, useUndrain } from '../../queries/inbox'
import { DetailLink } from './DetailLink'
import styles from './Inbox.module.css'
import { type ItemAction, ItemActions } from './ItemActions'

type Machine = Schemas['UnhealthyMachine']

/** An unhealthy machine, and why it is unhealthy. */
export function UnhealthyMachine(props: {
  item: InboxItem
  machine: Machine
  isSelected: boolean
}) {
  const { item, machine, isSelected } = props
  const undrain = useUndrain(machine.id)
  const acts: ItemAction[] = item.actions.includes('undrain')
    ? [
        {
          name: strings.inbox.undrain,
          look: 'main',
          isOff: undrain.isPending || undrain.isSuccess,
          do: () => undrain.mutate(),
        },
      ]
    : []
  return (
    <>
      <p className={styles.where}>
        <b className="soft">{strings.inbox.kinds.machine}</b>
        <Link className="tall" to="/machines/$machineId" params={{ machineId: machine.id }}>
          {machine.name}
        </Link>
        <span>{machineDetail(machine)}</span>
      </p>
      <p className={styles.what}>{joinSentences(problemTexts(machine), locale)}</p>
      <div className={styles.foot}>
        <ItemActions acts={acts} isSelected={isSelected} />
        <DetailLink item={item} isSelected={isSelected} />
      </div>
    </>
  )
}

function machineDetail({ diskPercent, slots, problems }: Machine): string {
  const isFull = problems.some(({ reason }) => reason === 'disk_full')
  if (isFull && diskPercent !== null)
    return strings.inbox.disk(formatPercent(diskPercent / 100, locale))
  return strings.inbox.slots(slots.used, slots.total)
}

function problemTexts({ name, problems, slots }: Machine): string[] {
  const texts = problems.flatMap(({ reason, agent, detail }) => {
    const text = strings.inbox.problems[reason](name, agentName(agent ?? ''))
    const because = reason === 'agent' ? strings.inbox.whys[detail ?? ''] : undefined
    return because ? [text, because] : [text]
  })
  const isDraining = problems.some(({ reason }) => reason !== 'agent')
  return isDraining && slots.used > 0 ? [...texts, strings.inbox.stillRuns(slots.used)] : texts
}
