import { useNavigate } from '@tanstack/react-router'
import { useMe } from '../../queries/me'
import { useNewTask } from '../layout/useNewTask'

/** Returns the palette's navigation functions. Each closes the palette. */
export function usePaletteNavigation(onClose: () => void) {
  const navigate = useNavigate()
  const newTask = useNewTask()
  const me = useMe()
  const go = (to: string, search?: Record<string, string>) => {
    onClose()
    void navigate({ to, search: search as never })
  }
  return {
    go,
    isAdmin: me?.role === 'admin',
    task: (id: number, view?: string) => go(`/tasks/${id}`, view ? { view } : undefined),
    machine: (id: string) => go(`/machines/${id}`),
    project: (key: string) => go(`/projects/${encodeURIComponent(key)}`),
    newTask: (description: string) => newTask.open(description),
  }
}

export type PaletteNavigation = ReturnType<typeof usePaletteNavigation>
