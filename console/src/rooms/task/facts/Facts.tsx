import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../../api/client'
import { agentName } from '../../../lib/agents'
import { seen } from '../../../lib/seen'
import { clock } from '../../../lib/times'
import { useEvents } from '../../../queries/events'
import { Copy } from '../../../ui/Copy'
import { When } from '../../../ui/When'
import { locale, words } from '../../../words'
import { Delta } from '../../gate/GateDiff'
import { useChanged } from '../useFilesChanged'
import { Fact, Group } from './Fact'
import styles from './Facts.module.css'
import { UsageFacts } from './UsageFacts'

type Props = { task: Schemas['TaskDetail'] }

/** Where the task works, what has come of it, what it took, and who wanted it. */
export function Facts({ task }: Props) {
  return (
    <aside className={styles.side} aria-label={words.facts.label}>
      <Where task={task} />
      <Work task={task} />
      <Group title={words.facts.usage}>
        <UsageFacts task={task} />
      </Group>
      <AskedFor task={task} />
    </aside>
  )
}

function Where({ task }: Props) {
  const model = task.agentOptions?.model
  return (
    <Group title={words.facts.where}>
      <dl className="facts">
        <Fact name={words.facts.machine}>
          {task.machineId ? (
            <Link className="link" to="/machines/$machineId" params={{ machineId: task.machineId }}>
              {task.machineName}
            </Link>
          ) : (
            words.facts.notAssigned
          )}
        </Fact>
        {task.machineSelector && (
          <Fact name={words.facts.labels}>
            <code>{task.machineSelector}</code>
          </Fact>
        )}
        <Fact name={words.facts.agent}>{agentName(task.agentType)}</Fact>
        {model && (
          <Fact name={words.facts.model}>
            <code>{model}</code>
          </Fact>
        )}
        <Fact name={words.facts.round}>
          {task.round}, {task.attempt}
        </Fact>
        {task.suspendReason === 'question' && (
          <Fact name={words.facts.slot}>{words.facts.slotHeld}</Fact>
        )}
      </dl>
    </Group>
  )
}

function Work({ task }: Props) {
  const changed = useChanged(task)
  const checkpoint = (useEvents(task.id).data ?? []).findLast(({ type }) => type === 'checkpoint')
  const stage = task.pipeline[checkpoint?.stageIndex ?? -1]?.name
  const branch = task.result?.branch ?? task.taskBranch
  return (
    <Group title={words.facts.work}>
      <dl className="facts">
        <Fact name={words.facts.branch}>
          <code>{seen(branch)}</code> <Copy text={branch} what={words.facts.branch} />
        </Fact>
        {task.result && (
          <Fact name={words.facts.commit}>
            <code title={task.result.commit}>{task.result.commit.slice(0, 7)}</code>{' '}
            <Copy text={task.result.commit} what={words.facts.commit} />
          </Fact>
        )}
        <Fact name={words.facts.changed}>
          {changed && changed.filesChanged > 0 ? (
            <>
              {words.gate.files(changed.filesChanged)} <Delta {...changed} />
            </>
          ) : (
            words.facts.nothing
          )}
        </Fact>
        {task.result && !task.result.pushed && (
          <Fact name={words.facts.pushed}>{words.facts.notPushed}</Fact>
        )}
        {checkpoint && stage && (
          <Fact name={words.facts.checkpoint}>
            {words.facts.afterStage(stage, clock(new Date(checkpoint.createdAt), locale))}
          </Fact>
        )}
      </dl>
    </Group>
  )
}

function AskedFor({ task }: Props) {
  return (
    <Group title={words.facts.askedFor}>
      <dl className="facts">
        <Fact name={words.facts.by}>{task.createdBy.name}</Fact>
        <Fact name={words.facts.created}>
          <When at={task.createdAt} />
        </Fact>
        <Fact name={words.facts.priority}>
          {task.priority === 0 ? words.facts.normal : task.priority}
        </Fact>
      </dl>
    </Group>
  )
}
