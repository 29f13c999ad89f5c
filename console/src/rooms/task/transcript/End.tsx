import type { Schemas } from '../../../api/client'
import { agentName } from '../../../lib/agents'
import { words } from '../../../words'
import styles from './Transcript.module.css'

/** What is to come, below the last entry. */
export function End({ task }: { task: Schemas['TaskDetail'] }) {
  const said = saidOf(task)
  return said && <p className={styles.end}>{said}</p>
}

function saidOf(task: Schemas['TaskDetail']): string | null {
  const stage = task.pipeline[task.currentStageIndex]
  const agent = agentName(task.agentType)
  if (task.status === 'suspended') {
    return task.suspendReason === 'question' ? words.transcript.waits(agent) : null
  }
  if (task.status !== 'running' || !stage) return null
  return stage.kind === 'shell'
    ? words.transcript.runsShell(stage.name)
    : words.transcript.works(agent)
}
