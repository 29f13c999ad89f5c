import { infiniteQueryOptions } from '@tanstack/react-query'

type Page<T> = { items: T[]; nextCursor: string | null }
type Cursor = string | undefined

/** A cursor list of the contract, a page more whenever somebody asks for it. */
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

/** All of a cursor list, page after page, for what is shown whole; of a longer one its beginning. */
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
