import { useNavigate, useSearch } from '@tanstack/react-router'

/** The dialog of a new task can be opened over every page: it stands in the URL as `?new=task`, or
 *  with the description that it begins with. */
export function useNewTask() {
  const { new: isOpen } = useSearch({ strict: false }) as { new?: string }
  const navigate = useNavigate()
  const set = (value: string | undefined) =>
    navigate({ to: '.', search: (before: object) => ({ ...before, new: value }) as never })
  return {
    isOpen: isOpen !== undefined,
    /** What the description begins with. */
    initialDescription: isOpen === 'task' ? '' : (isOpen ?? ''),
    open: (description = '') => void set(description || 'task'),
    close: () => void set(undefined),
  }
}
