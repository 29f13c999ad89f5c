/** Which tasks the page shows, as its URL says it: in the words of the contract. Pure. */
import type { Schemas } from '../../api/client'

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
export function parseFilters(search: Record<string, unknown>): Filters {
  const said = NAMES.flatMap((name) => {
    const value = search[name]
    return typeof value === 'string' && value !== '' ? [[name, value]] : []
  })
  return Object.fromEntries(said)
}

/** The same filters always as the same text: what a view keeps. */
export function formatFilters(filters: Filters): string {
  return new URLSearchParams(Object.entries(parseFilters(filters))).toString()
}

export function parseFilterQuery(query: string): Filters {
  return parseFilters(Object.fromEntries(new URLSearchParams(query)))
}

/** What the server is asked for. */
export function toApiQuery({ needsMe, createdBy, ...others }: Filters) {
  return {
    ...others,
    ...(needsMe === 'true' && { needsMe: true }),
    ...(createdBy && /^\d+$/.test(createdBy) && { createdBy: Number(createdBy) }),
  }
}

type LabeledMachine = { labels: Record<string, string>; adminLabels: Record<string, string> }

/** What tasks may ask machines for, one label at a time; and what the URL asks for, whatever it is. */
export function labelOptions(machines: readonly LabeledMachine[], { machineSelector }: Filters) {
  const found = machines.flatMap(({ labels, adminLabels }) =>
    Object.entries({ ...labels, ...adminLabels }).map(([name, value]) => `${name}=${value}`),
  )
  const all = new Set([...found, ...(machineSelector ? [machineSelector] : [])])
  return [...all].toSorted().map((value) => ({ value, name: value }))
}

/** The words of a filter that takes several. */
export function splitValues(value: string | undefined): string[] {
  return value ? value.split(',').filter(Boolean) : []
}

/** With `word` where it was not there, else without it. */
export function toggleValue(value: string | undefined, word: string): string | undefined {
  const before = splitValues(value)
  const after = before.includes(word) ? before.filter((one) => one !== word) : [...before, word]
  return after.join(',') || undefined
}
