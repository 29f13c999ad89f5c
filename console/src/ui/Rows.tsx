import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { words } from '../words'
import { Broken } from './Broken'
import { Button } from './Button'
import { Empty } from './Empty'
import { Ghost } from './Ghost'

type Props<T> = {
  list: UseInfiniteQueryResult<T[]>
  empty: ReactNode
  children: (rows: T[]) => ReactNode
}

/** A cursor list in all its states: not there yet, broken, empty, and with more to come. */
export function Rows<T>({ list, empty, children }: Props<T>) {
  if (list.isPending) return <Ghost />
  if (list.isError) return <Broken error={list.error} again={() => void list.refetch()} />
  if (list.data.length === 0) return typeof empty === 'string' ? <Empty title={empty} /> : empty
  return (
    <>
      {children(list.data)}
      {list.hasNextPage && (
        <div className="foot">
          <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {words.forms.moreRows}
          </Button>
        </div>
      )}
    </>
  )
}
