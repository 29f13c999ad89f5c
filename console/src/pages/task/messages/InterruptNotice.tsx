import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import type { TaskDetail } from '../../../queries/task'
import styles from './messages.module.css'
import { useStopAgent } from './useStopAgent'

/** How an interrupt gets on. If the agent ignores it, the stage can be stopped instead. */
export function InterruptNotice({ task }: { task: TaskDetail }) {
  const { stop, isPending } = useStopAgent(task)
  const { interrupt, allowedActions } = task
  const text = interrupt && noticeText(interrupt.state, agentName(task.agentType), interrupt.by)
  const canStopStage = interrupt?.state === 'ignored' && allowedActions.includes('interrupt')
  return (
    <div className={styles.problem} role="status">
      {text && <p className="hint">{text}</p>}
      {canStopStage && (
        <Button
          size="tiny"
          title={strings.messages.stopStageWhy}
          disabled={isPending}
          onClick={() => stop(true)}
        >
          {strings.messages.stopStage}
        </Button>
      )}
    </div>
  )
}

function noticeText(state: string, agent: string, by: string): string | null {
  switch (state) {
    case 'requested':
      return strings.messages.requested(agent, by)
    case 'ignored':
      return strings.messages.ignored(agent)
    case 'stopping':
      return strings.messages.stoppingStage
    default:
      return null
  }
}
