import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { throttle } from '../../../lib/net/throttle'
import { type TaskDetail, task as taskQuery } from '../../../queries/task'
import { onStreamUpdate } from '../../../realtime/stream'

const REFETCH_MILLISECONDS = 5000

/** Keeps what blocks machines for the task current: that depends on the machines, and changes
 *  without an event of the task. */
export function useBlockerUpdates(task: TaskDetail): void {
  const cache = useQueryClient()
  const taskId = task.id
  const isBlocked = task.queue !== null || task.relocation !== null
  useEffect(() => {
    if (!isBlocked) return
    const refetch = throttle(
      REFETCH_MILLISECONDS,
      () => void cache.invalidateQueries({ queryKey: taskQuery(taskId).queryKey, exact: true }),
    )
    return onStreamUpdate(
      ({ machines }) => {
        if (machines === null || machines.length > 0) refetch()
      },
      () => {},
    )
  }, [cache, taskId, isBlocked])
}
