import type { Schemas } from '../../api/client'
import { useNow } from '../../components/hooks/useNow'
import { locale, strings } from '../../i18n'
import { type StatusText, statusText } from '../../lib/task/statusText'
import { useGate } from '../../queries/gates'
import { useMachineNames } from '../../queries/options'

/** Returns the task's status and its reason as text that updates with the clock. */
export function useStatusText(task: Schemas['TaskDetail']): StatusText {
  const isLive = ['running', 'assigned', 'suspended'].includes(task.status)
  const now = useNow(isLive ? 'seconds' : 'halfMinutes')
  const machineNames = useMachineNames(Boolean(task.queue?.blockedBy.length))
  const gate = useGate(task).data
  return statusText(task, {
    words: strings.statusText,
    units: strings.units,
    locale,
    now,
    gate,
    ...(machineNames && { machineNames }),
  })
}
