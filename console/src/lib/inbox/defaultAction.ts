/** The default action of an inbox item, in two short lines. The current time and the texts are
 *  arguments. Pure. */
import type { Schemas } from '../../api/client'
import type { inbox as Words } from '../../i18n/en/inbox'
import { formatDuration, formatTime, type Units } from '../format/times'

type Item = Pick<Schemas['InboxItem'], 'kind' | 'defaultAction' | 'at' | 'task' | 'machine'>
export type DefaultActionText = { summary: string; detail: string }
export type DefaultActionContext = {
  words: typeof Words
  units: Units
  locale: string
  now: number
}

export function defaultActionText(item: Item, around: DefaultActionContext): DefaultActionText {
  const { words } = around
  if (item.at === null || item.defaultAction === 'nothing') return waitingText(item, around)
  const at = new Date(item.at)
  const time = formatTime(at, around.locale, new Date(around.now))
  const summary =
    item.kind === 'permission'
      ? words.deniedAt(time)
      : words.defaultAction[item.defaultAction](time)
  const left = at.getTime() - around.now
  const aside = left > 0 ? words.in(coarseDuration(left, around.units)) : words.imminent
  return item.kind === 'question' || item.kind === 'permission'
    ? { summary, detail: words.keepsSlot(item.task?.machineName) }
    : { summary, detail: aside }
}

/** Formats to the minute if it is at least one. */
function coarseDuration(milliseconds: number, units: Units): string {
  const minute = 60_000
  return formatDuration(
    milliseconds < minute ? milliseconds : milliseconds - (milliseconds % minute),
    units,
  )
}

function waitingText(item: Item, { words }: DefaultActionContext): DefaultActionText {
  if (item.machine) return words.otherwiseMachine[stateOf(item.machine)]
  return words.otherwise[item.kind === 'machine' ? 'gate' : item.kind]
}

function stateOf({ status }: NonNullable<Item['machine']>): 'drained' | 'offline' | 'unhealthy' {
  if (status === 'offline') return 'offline'
  return status === 'draining' || status === 'drained' ? 'drained' : 'unhealthy'
}
