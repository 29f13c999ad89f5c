import { useNavigate, useSearch } from '@tanstack/react-router'

/** Opens the dialog of a new task on any page. The URL holds it as `?new=task`, or `?new=` with the
 *  initial description. */
export function useNewTask() {
  const { new: isOpen } = useSearch({ strict: false }) as { new?: string }
  const navigate = useNavigate()
  const set = (value: string | undefined) =>
    navigate({ to: '.', search: (before: object) => ({ ...before, new: value }) as never })
  return {
    isOpen: isOpen !== undefined,
    initialDescription: isOpen === 'task' ? '' : (isOpen ?? ''),
    open: (description = '') => void set(description || 'task'),
    close: () => void set(undefined),
  }
}
