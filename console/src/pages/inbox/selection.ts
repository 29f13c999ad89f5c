import type { InboxItem } from '../../queries/inbox'

const QUESTION_KINDS: readonly InboxItem['kind'][] = ['gate', 'question', 'budget']

/** What waits for an answer, and what is to be looked at, each in its order. */
export function groupItems(items: readonly InboxItem[]): { asks: InboxItem[]; looks: InboxItem[] } {
  const asks = items.filter(({ kind }) => QUESTION_KINDS.includes(kind))
  return { asks, looks: items.filter(({ kind }) => !QUESTION_KINDS.includes(kind)) }
}

/** The id that is selected: as chosen while it is there, else what has come in its place. `before`:
 *  the ids in which it was chosen. */
export function resolveSelection(
  ids: readonly string[],
  chosen: string | null,
  before: readonly string[],
): string | null {
  if (chosen !== null && ids.includes(chosen)) return chosen
  if (chosen === null) return ids[0] ?? null
  const following = before.slice(before.indexOf(chosen) + 1).find((id) => ids.includes(id))
  return following ?? ids.at(-1) ?? null
}

/** The id so many steps on; at the ends it stays. */
export function stepSelection(
  ids: readonly string[],
  from: string | null,
  steps: 1 | -1,
): string | null {
  const place = from === null ? -1 : ids.indexOf(from)
  return ids[Math.min(ids.length - 1, Math.max(0, place + steps))] ?? null
}
