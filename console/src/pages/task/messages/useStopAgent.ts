import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import { useInterrupt } from '../../../queries/messages'
import type { TaskDetail } from '../../../queries/task'
import { showToast } from '../../../state/toasts'
import { showMessageError } from './messageErrors'

/** Stops the agent's step, or its stage. The agent then asks what to do, so nothing is lost. */
export function useStopAgent(task: TaskDetail, onSettled?: () => void) {
  const { mutate, isPending } = useInterrupt(task.id)
  const agent = agentName(task.agentType)
  const stop = (stopStage = false) =>
    mutate(
      { stopStage },
      {
        onSuccess: () => showToast(strings.messages.stopping(agent)),
        onError: showMessageError,
        ...(onSettled && { onSettled }),
      },
    )
  return { stop, isPending }
}
