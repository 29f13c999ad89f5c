import type { Schemas } from '../../api/client'
import { useNow } from '../../components/hooks/useNow'
import { locale, strings } from '../../i18n'
import { type StatusText, statusText } from '../../lib/task/statusText'
import { useMachineNames } from '../../queries/options'

/** Returns the task's status and its reason as text that updates with the clock. */
export function useStatusText(task: Schemas['TaskDetail']): StatusText {
  const now = useNow()
  const machineNames = useMachineNames(Boolean(task.queue?.blockedBy.length))
  return statusText(task, {
    words: strings.statusText,
    gateWords: strings.gate,
    units: strings.units,
    locale,
    now,
    gate: task.gate,
    ...(machineNames && { machineNames }),
  })
}
