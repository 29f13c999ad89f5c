import { infiniteQueryOptions } from '@tanstack/react-query'

type Page<T> = { items: T[]; nextCursor: string | null }
type Cursor = string | undefined

/** A cursor list of the contract, page by page; read as one list of all that was fetched. */
export function cursorList<T>(
  queryKey: readonly unknown[],
  page: (cursor: Cursor) => Promise<Page<T>>,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => page(pageParam),
    initialPageParam: undefined as Cursor,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  })
}
