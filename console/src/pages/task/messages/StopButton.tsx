import { Square } from 'lucide-react'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import type { TaskDetail } from '../../../queries/task'
import styles from './messages.module.css'
import { useStopAgent } from './useStopAgent'

/** Stops the agent's step. */
export function StopButton({ task }: { task: TaskDetail }) {
  const { stop, isPending } = useStopAgent(task)
  const agent = agentName(task.agentType)
  return (
    <Button
      className={styles.stop}
      aria-label={strings.messages.stopAgent(agent)}
      title={strings.messages.stopWhy(agent)}
      disabled={isPending || task.interrupt !== null}
      onClick={() => stop()}
    >
      <Square className="i" />
      <span>{strings.messages.stop}</span>
    </Button>
  )
}
