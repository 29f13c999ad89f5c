import type { Schemas } from '../../api/client'
import { useNow } from '../../components/hooks/useNow'
import { locale, strings } from '../../i18n'
import { type StatusText, statusText } from '../../lib/task/statusText'

/** Returns the task's status and its reason as text that updates with the clock. */
export function useStatusText(task: Schemas['TaskDetail']): StatusText {
  const now = useNow()
  return statusText(task, {
    words: strings.statusText,
    gateWords: strings.gate,
    units: strings.units,
    locale,
    now,
    gate: task.gate,
  })
}
