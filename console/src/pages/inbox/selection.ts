import type { InboxItem } from '../../queries/inbox'

/** The kinds that wait for an answer. */
export const QUESTION_KINDS: readonly InboxItem['kind'][] = [
  'gate',
  'question',
  'permission',
  'budget',
  'host',
  'terminal',
]

/** Splits items into what waits for an answer and items to review, each in their order. */
export function groupItems(items: readonly InboxItem[]): { asks: InboxItem[]; looks: InboxItem[] } {
  const asks = items.filter(({ kind }) => QUESTION_KINDS.includes(kind))
  return { asks, looks: items.filter(({ kind }) => !QUESTION_KINDS.includes(kind)) }
}

/** Returns the selected ID: the chosen one or, if it is gone, the one that followed it. `before`:
 *  the IDs when it was chosen. */
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

/** Returns the ID so many steps further, without passing the ends. */
export function stepSelection(
  ids: readonly string[],
  from: string | null,
  steps: 1 | -1,
): string | null {
  const place = from === null ? -1 : ids.indexOf(from)
  return ids[Math.min(ids.length - 1, Math.max(0, place + steps))] ?? null
}
