import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../../api/client'
import { CopyButton } from '../../../components/controls/CopyButton'
import { LineCounts } from '../../../components/gate/GateDiff'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { locale, strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { formatTime } from '../../../lib/format/times'
import { useEvents } from '../../../queries/events'
import { useDiffStats } from '../useDiffStats'
import { Fact, FactGroup } from './Fact'
import styles from './Facts.module.css'
import { UsageFacts } from './UsageFacts'

type Props = { task: Schemas['TaskDetail'] }

/** Where the task runs, its results, its usage, and who created it. */
export function Facts({ task }: Props) {
  return (
    <aside className={styles.side} aria-label={strings.facts.label}>
      <PlacementFacts task={task} />
      <WorkFacts task={task} />
      <FactGroup title={strings.facts.usage}>
        <UsageFacts task={task} />
      </FactGroup>
      <RequestFacts task={task} />
    </aside>
  )
}

function PlacementFacts({ task }: Props) {
  const model = task.agentOptions?.model
  return (
    <FactGroup title={strings.facts.where}>
      <dl className="facts">
        <Fact name={strings.facts.machine}>
          {task.machineId ? (
            <Link className="link" to="/machines/$machineId" params={{ machineId: task.machineId }}>
              {task.machineName}
            </Link>
          ) : (
            strings.facts.notAssigned
          )}
        </Fact>
        {task.machineSelector && (
          <Fact name={strings.facts.labels}>
            <code>{task.machineSelector}</code>
          </Fact>
        )}
        <Fact name={strings.facts.agent}>{agentName(task.agentType)}</Fact>
        {model && (
          <Fact name={strings.facts.model}>
            <code>{model}</code>
          </Fact>
        )}
        <Fact name={strings.facts.round}>
          {task.round}, {task.attempt}
        </Fact>
        {task.suspendReason === 'question' && (
          <Fact name={strings.facts.slot}>{strings.facts.slotHeld}</Fact>
        )}
      </dl>
    </FactGroup>
  )
}

function WorkFacts({ task }: Props) {
  const changed = useDiffStats(task)
  const checkpoint = (useEvents(task.id).data ?? []).findLast(({ type }) => type === 'checkpoint')
  const stage = task.pipeline[checkpoint?.stageIndex ?? -1]?.name
  const branch = task.result?.branch ?? task.taskBranch
  return (
    <FactGroup title={strings.facts.work}>
      <dl className="facts">
        <Fact name={strings.facts.branch}>
          <code>{revealInvisible(branch)}</code>{' '}
          <CopyButton text={branch} what={strings.facts.branch} />
        </Fact>
        {task.result && (
          <Fact name={strings.facts.commit}>
            <code title={task.result.commit}>{task.result.commit.slice(0, 7)}</code>{' '}
            <CopyButton text={task.result.commit} what={strings.facts.commit} />
          </Fact>
        )}
        <Fact name={strings.facts.changed}>
          {changed && changed.filesChanged > 0 ? (
            <>
              {strings.gate.files(changed.filesChanged)} <LineCounts {...changed} />
            </>
          ) : (
            strings.facts.nothing
          )}
        </Fact>
        {task.result && !task.result.pushed && (
          <Fact name={strings.facts.pushed}>{strings.facts.notPushed}</Fact>
        )}
        {checkpoint && stage && (
          <Fact name={strings.facts.checkpoint}>
            {strings.facts.afterStage(stage, formatTime(new Date(checkpoint.createdAt), locale))}
          </Fact>
        )}
      </dl>
    </FactGroup>
  )
}

function RequestFacts({ task }: Props) {
  return (
    <FactGroup title={strings.facts.askedFor}>
      <dl className="facts">
        <Fact name={strings.facts.by}>{task.createdBy.name}</Fact>
        <Fact name={strings.facts.created}>
          <RelativeTime at={task.createdAt} />
        </Fact>
        <Fact name={strings.facts.priority}>
          {task.priority === 0 ? strings.facts.normal : task.priority}
        </Fact>
      </dl>
    </FactGroup>
  )
}
