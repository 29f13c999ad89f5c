import { Button } from '../../../components/controls/Button'
import { Dialog } from '../../../components/dialogs/Dialog'
import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import type { TaskDetail } from '../../../queries/task'
import { useStopAgent } from './useStopAgent'

type Props = { task: TaskDetail; onClose: () => void }

/** Asks before the palette's command stops the agent: it names the task, which may be out of sight. */
export default function InterruptDialog({ task, onClose }: Props) {
  const { stop, isPending } = useStopAgent(task, onClose)
  const agent = agentName(task.agentType)
  return (
    <Dialog
      title={strings.messages.stopTitle(agent, task.id)}
      isOpen
      onClose={onClose}
      foot={
        <>
          <Button variant="main" disabled={isPending} onClick={() => stop()}>
            {strings.messages.stopAgent(agent)}
          </Button>
          <Button variant="quiet" onClick={onClose}>
            {strings.messages.keepWorking}
          </Button>
        </>
      }
    >
      <p>{strings.messages.stopWhy(agent)}</p>
    </Dialog>
  )
}
