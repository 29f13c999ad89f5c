import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { strings } from '../../i18n'
import { Button } from '../controls/Button'
import { EmptyState } from '../feedback/EmptyState'
import { ErrorMessage } from '../feedback/ErrorMessage'
import { Skeleton } from '../feedback/Skeleton'

type Props<T> = {
  list: UseInfiniteQueryResult<T[]>
  empty: ReactNode
  children: (rows: T[]) => ReactNode
}

/** A paginated list in all its states: loading, failed, empty, and with more pages. */
export function PagedList<T>({ list, empty, children }: Props<T>) {
  if (list.isPending) return <Skeleton />
  if (list.isError) return <ErrorMessage error={list.error} again={() => void list.refetch()} />
  if (list.data.length === 0)
    return typeof empty === 'string' ? <EmptyState title={empty} /> : empty
  return (
    <>
      {children(list.data)}
      {list.hasNextPage && (
        <div className="foot">
          <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {strings.forms.moreRows}
          </Button>
        </div>
      )}
    </>
  )
}
