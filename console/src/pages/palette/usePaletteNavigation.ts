import { useNavigate } from '@tanstack/react-router'
import { strings } from '../../i18n'
import { paletteStrings } from '../../i18n/palette'
import type { Machine } from '../../lib/machine/machines'
import { useUndrain } from '../../queries/machines'
import { useMarkAllRead } from '../../queries/notifications'
import { showErrorToast, showToast } from '../../state/toasts'
import { useNewTask } from '../layout/useNewTask'
import { downloadEvidence } from '../task/actions/downloadEvidence'

/** Returns what commands do: they open a URL, or do at once what needs no dialog. */
export function usePaletteNavigation() {
  const navigate = useNavigate()
  const newTask = useNewTask()
  const undrain = useUndrain().mutateAsync
  const readAll = useMarkAllRead().mutateAsync
  return {
    open: (url: string) => {
      const { pathname, searchParams, hash } = new URL(url, location.origin)
      const search = Object.fromEntries(searchParams) as never
      void navigate({ to: pathname, search, hash: hash.slice(1) })
    },
    newTask: (description: string) => newTask.open(description),
    undrain: ({ id, name }: Pick<Machine, 'id' | 'name'>) =>
      void undrain(id).then(() => showToast(strings.machines.undrained(name)), showErrorToast),
    readAll: () =>
      // The hook reports an error itself.
      void readAll().then(
        () => showToast(paletteStrings().allRead),
        () => {},
      ),
    downloadEvidence: (taskId: number) => void downloadEvidence(taskId),
  }
}

export type PaletteNavigation = ReturnType<typeof usePaletteNavigation>
