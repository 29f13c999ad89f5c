import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { TaskSearch, View } from './search'

/** A link to another view of the task, and to a position in it. */
export function ViewLink(props: {
  task: { id: number }
  view: View
  at?: TaskSearch
  className?: string | undefined
  title?: string
  children: ReactNode
}) {
  const { task, view, at, ...rest } = props
  return (
    <Link
      to="/tasks/$taskId"
      params={{ taskId: String(task.id) }}
      search={{ view, ...at } as never}
      {...rest}
    />
  )
}
