import type { Schemas } from '../../api/client'
import { type Why, why } from '../../lib/why'
import { useMachineNames } from '../../queries/choices'
import { useGate } from '../../queries/gates'
import { useNow } from '../../ui/useNow'
import { locale, words } from '../../words'

/** Why the task stands where it stands, in words that count on. */
export function useWhy(task: Schemas['TaskDetail']): Why {
  const isLive = ['running', 'assigned', 'suspended'].includes(task.status)
  const now = useNow(isLive ? 'seconds' : 'halfMinutes')
  const machineNames = useMachineNames(Boolean(task.queue?.blockedBy.length))
  const gate = useGate(task).data
  return why(task, {
    words: words.why,
    units: words.units,
    locale,
    now,
    gate,
    ...(machineNames && { machineNames }),
  })
}
