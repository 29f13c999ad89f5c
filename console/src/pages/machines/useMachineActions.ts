import { useNavigate } from '@tanstack/react-router'
import type { MenuItem } from '../../components/controls/Menu'
import { strings } from '../../i18n'
import type { Machine } from '../../lib/machine/machines'
import { useUndrain } from '../../queries/machines'
import { useMe } from '../../queries/me'
import { showErrorToast, showToast } from '../../state/toasts'

export type OpenDialog = (what: 'drain' | 'decommission') => void

/** Returns the actions on a machine that you are allowed. */
export function useMachineActions(machine: Machine, open: OpenDialog): MenuItem[] {
  const me = useMe()
  const navigate = useNavigate()
  const { mutate: undrain } = useUndrain()
  const canDrain = me?.role === 'admin' || me?.role === 'lead'
  if (!canDrain || machine.status === 'decommissioned') return []
  if (machine.uninstalledAt) {
    if (me?.role !== 'admin') return []
    const name = `${strings.machines.decommission} …`
    return [{ name, isBad: true, onSelect: () => open('decommission') }]
  }
  const isInDrain = machine.status === 'draining' || machine.status === 'drained'
  const undrainMachine = () =>
    undrain(machine.id, {
      onSuccess: () => showToast(strings.machines.undrained(machine.name)),
      onError: showErrorToast,
    })
  return [
    isInDrain
      ? { name: strings.machines.undrain, onSelect: undrainMachine }
      : { name: `${strings.machines.drain} …`, onSelect: () => open('drain') },
    ...(me?.role === 'admin'
      ? [
          {
            name: strings.machines.administer,
            onSelect: () => void navigate({ to: '/admin/machines' }),
          },
        ]
      : []),
  ]
}
