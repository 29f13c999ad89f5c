import type { Schemas } from '../../../api/client'
import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import styles from './Transcript.module.css'

/** What is happening now, below the last entry. */
export function CurrentActivity({ task }: { task: Schemas['TaskDetail'] }) {
  const activity = activityText(task)
  return activity && <p className={styles.end}>{activity}</p>
}

function activityText(task: Schemas['TaskDetail']): string | null {
  const stage = task.pipeline[task.currentStageIndex]
  const agent = agentName(task.agentType)
  if (task.status === 'suspended') {
    return task.suspendReason === 'question' ? strings.transcript.waits(agent) : null
  }
  if (task.status !== 'running' || !stage) return null
  return stage.kind === 'shell'
    ? strings.transcript.runsShell(stage.name)
    : strings.transcript.works(agent)
}
