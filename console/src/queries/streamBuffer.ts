/** What a stream has told while a list was being read: the list's answer may be older than that. */
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

  /** Nobody reads these lists any more. */
  clear(prefix: string): void {
    for (const key of this.buffered.keys()) if (key.startsWith(prefix)) this.buffered.delete(key)
  }
}

/** Both in their order, each once. Of two that have no gap between them. */
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
