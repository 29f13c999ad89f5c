/** What an item of the inbox does by itself, in two short lines. Pure: now and the words are given. */
import type { Schemas } from '../api/client'
import type { needs as Words } from '../words/en/needs'
import { clock, duration, type Units } from './times'

type Item = Pick<Schemas['InboxItem'], 'kind' | 'then' | 'at' | 'task' | 'machine'>
export type Itself = { says: string; aside: string }
export type Around = { words: typeof Words; units: Units; locale: string; now: number }

export function itself(item: Item, around: Around): Itself {
  const { words } = around
  if (item.at === null || item.then === 'nothing') return waits(item, around)
  const at = new Date(item.at)
  const says = words.itself[item.then](clock(at, around.locale, new Date(around.now)))
  const left = at.getTime() - around.now
  const aside = left > 0 ? words.in(coarse(left, around.units)) : words.anyMoment
  return item.kind === 'question'
    ? { says, aside: words.keepsSlot(item.task?.machineName) }
    : { says, aside }
}

/** To the minute, where it is longer than one. */
function coarse(milliseconds: number, units: Units): string {
  const minute = 60_000
  return duration(
    milliseconds < minute ? milliseconds : milliseconds - (milliseconds % minute),
    units,
  )
}

function waits(item: Item, { words }: Around): Itself {
  if (item.machine) return words.staysMachine[stateOf(item.machine)]
  return words.stays[item.kind === 'machine' ? 'gate' : item.kind]
}

function stateOf({ status }: NonNullable<Item['machine']>): 'drained' | 'offline' | 'unwell' {
  if (status === 'offline') return 'offline'
  return status === 'draining' || status === 'drained' ? 'drained' : 'unwell'
}
