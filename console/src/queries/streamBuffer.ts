/** Buffers stream items while a list is being fetched, because the response may be older than they
 *  are. */
export class StreamBuffer<T> {
  private readonly buffered = new Map<string, T[]>()

  add(key: string, items: readonly T[]): void {
    const known = this.buffered.get(key)
    if (known) known.push(...items)
    else this.buffered.set(key, [...items])
  }

  get(key: string): readonly T[] {
    return this.buffered.get(key) ?? []
  }

  /** Drops the buffers of lists that are no longer displayed. */
  clear(prefix: string): void {
    for (const key of this.buffered.keys()) if (key.startsWith(prefix)) this.buffered.delete(key)
  }
}

/** Merges two ordered lists without duplicates. They must not have a gap between them. */
export function mergeBy<T>(
  known: readonly T[],
  news: readonly T[],
  place: (one: T) => number,
): T[] {
  const last = known.at(-1)
  const after = last === undefined ? Number.NEGATIVE_INFINITY : place(last)
  const fresh = news.filter((one) => place(one) > after)
  return fresh.length === 0 ? (known as T[]) : [...known, ...fresh]
}
