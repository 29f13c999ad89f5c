/** What a task's agent does now, as text. The current time and the texts are arguments. Pure. */
import type { Schemas } from '../../api/client'
import type { statusText as Words } from '../../i18n/en/statusText'
import { revealInvisible } from '../format/invisibleChars'
import { formatDuration, formatRoughDuration, type Units } from '../format/times'

export type Activity = Schemas['AgentActivity']
type Context = { words: typeof Words; units: Units; now: number }

const MAX_TITLE = 60

/** Returns, for example, "runs `npm test`, 14 s", and since when nothing was reported, if that is
 *  long ago; empty if neither is known. */
export function activityText(
  activity: Activity | null | undefined,
  { words, units, now }: Context,
): string {
  if (!activity) return ''
  const { kind, title, startedAt, quietSince } = activity
  const seconds = (since: string) => Math.floor((now - Date.parse(since)) / 1000) * 1000
  const describe = words.does[kind === 'command' || kind === 'edit' ? kind : 'tool']
  const does =
    title && startedAt ? describe(shorten(title), formatDuration(seconds(startedAt), units)) : ''
  const quiet = quietSince ? words.quiet(formatRoughDuration(seconds(quietSince), units)) : ''
  return does && quiet ? words.and(does, quiet) : does || quiet
}

function shorten(title: string): string {
  const text = revealInvisible(title)
  return text.length <= MAX_TITLE ? text : `${text.slice(0, MAX_TITLE - 1)}…`
}
