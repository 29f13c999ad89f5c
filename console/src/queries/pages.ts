type Page<T> = { items: T[]; nextCursor: string | null }

const MOST = 5000

/** All of a cursor list, page after page: for lists that are shown whole. */
export async function pagesOf<T>(
  page: (cursor: string | undefined) => Promise<Page<T>>,
): Promise<T[]> {
  const found: T[] = []
  let cursor: string | undefined
  do {
    const { items, nextCursor } = await page(cursor)
    found.push(...items)
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined && found.length < MOST)
  return found
}
