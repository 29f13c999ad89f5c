/** Which tasks the page shows, as its URL says it: in the words of the contract. Pure. */
import type { Schemas } from '../api/client'

export const STATUSES = [
  'queued',
  'assigned',
  'running',
  'suspended',
  'completed',
  'failed',
  'cancelled',
] as const
export type Status = Schemas['ListedTask']['status']

const NAMES = [
  'needsMe',
  'status',
  'project',
  'agentType',
  'machineId',
  'createdBy',
  'machineSelector',
  'q',
] as const
export type Name = (typeof NAMES)[number]
export type Filters = Partial<Record<Name, string>>

/** What of a URL's search are filters; what is empty, or nothing of ours, is none. */
export function filtersOf(search: Record<string, unknown>): Filters {
  const said = NAMES.flatMap((name) => {
    const value = search[name]
    return typeof value === 'string' && value !== '' ? [[name, value]] : []
  })
  return Object.fromEntries(said)
}

/** The same filters always as the same text: what a view keeps. */
export function written(filters: Filters): string {
  return new URLSearchParams(Object.entries(filtersOf(filters))).toString()
}

export function read(query: string): Filters {
  return filtersOf(Object.fromEntries(new URLSearchParams(query)))
}

/** What the server is asked for. */
export function queryOf({ needsMe, createdBy, ...others }: Filters) {
  return {
    ...others,
    ...(needsMe === 'true' && { needsMe: true }),
    ...(createdBy && /^\d+$/.test(createdBy) && { createdBy: Number(createdBy) }),
  }
}

type Labelled = { labels: Record<string, string>; adminLabels: Record<string, string> }

/** What tasks may ask machines for, one label at a time; and what the URL asks for, whatever it is. */
export function labelsOf(machines: readonly Labelled[], { machineSelector }: Filters) {
  const found = machines.flatMap(({ labels, adminLabels }) =>
    Object.entries({ ...labels, ...adminLabels }).map(([name, value]) => `${name}=${value}`),
  )
  const all = new Set([...found, ...(machineSelector ? [machineSelector] : [])])
  return [...all].toSorted().map((value) => ({ value, name: value }))
}

/** The words of a filter that takes several. */
export function wordsOf(value: string | undefined): string[] {
  return value ? value.split(',').filter(Boolean) : []
}

/** With `word` where it was not there, else without it. */
export function toggled(value: string | undefined, word: string): string | undefined {
  const before = wordsOf(value)
  const after = before.includes(word) ? before.filter((one) => one !== word) : [...before, word]
  return after.join(',') || undefined
}
