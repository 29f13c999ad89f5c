import { useNavigate } from '@tanstack/react-router'
import type { Machine } from '../../lib/fleet'
import { useUndrain } from '../../queries/machines'
import { useMe } from '../../queries/me'
import type { Item } from '../../ui/Menu'
import { say, sayBroken } from '../../ui/toasts'
import { words } from '../../words'

/** What one may do with a machine. Not allowed is not shown. */
export function useMachineActs(machine: Machine, onDrain: () => void): Item[] {
  const me = useMe()
  const navigate = useNavigate()
  const { mutate: undrain } = useUndrain()
  const mayDrain = me?.role === 'admin' || me?.role === 'lead'
  if (!mayDrain || machine.status === 'decommissioned') return []
  const isInDrain = machine.status === 'draining' || machine.status === 'drained'
  const takeBack = () =>
    undrain(machine.id, {
      onSuccess: () => say(words.machines.undrained(machine.name)),
      onError: sayBroken,
    })
  return [
    isInDrain
      ? { name: words.machines.undrain, act: takeBack }
      : { name: `${words.machines.drain} …`, act: onDrain },
    ...(me?.role === 'admin'
      ? [
          {
            name: words.machines.administer,
            act: () => void navigate({ to: '/admin/machines' }),
          },
        ]
      : []),
  ]
}
