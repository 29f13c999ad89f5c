import type { Schemas } from '../../api/client'

/** Who has answered a question, and what, by the event that says so: "answered by bo: confirm". */
export function answeredBy(
  event: Pick<Schemas['Event'], 'type' | 'message' | 'data'>,
): { who: string; said: string; id: number | null } | null {
  if (event.type !== 'confirmed') return null
  const who = /^answered by (.+?): /s.exec(event.message)?.[1]
  if (!who) return null
  const { result, by } = event.data
  return {
    who,
    said: typeof result === 'string' ? result : '',
    id: typeof by === 'number' ? by : null,
  }
}
