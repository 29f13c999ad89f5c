import { infiniteQueryOptions } from '@tanstack/react-query'

type Page<T> = { items: T[]; nextCursor: string | null }
type Cursor = string | undefined

/** A query for a cursor-paginated list of the API, one page per request. */
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

const MAX_ITEMS = 5000

/** Fetches all pages of a cursor-paginated list, for what is displayed whole; stops once MAX_ITEMS
 *  are reached. */
export async function fetchAllPages<T>(page: (cursor: Cursor) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = []
  let cursor: Cursor
  do {
    const { items, nextCursor } = await page(cursor)
    found.push(...items)
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined && found.length < MAX_ITEMS)
  return found
}
