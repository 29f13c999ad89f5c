/** The task filters in the page's URL, which use the API's names and values. Pure. */
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

/** Returns the filters in a URL's query; ignores empty and unknown parameters. */
export function parseFilters(search: Record<string, unknown>): Filters {
  const given = NAMES.flatMap((name) => {
    const value = search[name]
    return typeof value === 'string' && value !== '' ? [[name, value]] : []
  })
  return Object.fromEntries(given)
}

/** Serializes filters; equal filters give equal texts, as saved views need. */
export function formatFilters(filters: Filters): string {
  return new URLSearchParams(Object.entries(parseFilters(filters))).toString()
}

export function parseFilterQuery(query: string): Filters {
  return parseFilters(Object.fromEntries(new URLSearchParams(query)))
}

/** Returns the API's query parameters. */
export function toApiQuery({ needsMe, createdBy, ...others }: Filters) {
  return {
    ...others,
    ...(needsMe === 'true' && { needsMe: true }),
    ...(createdBy && /^\d+$/.test(createdBy) && { createdBy: Number(createdBy) }),
  }
}

type LabeledMachine = { labels: Record<string, string>; adminLabels: Record<string, string> }

/** Returns the label selectors to choose from: each machine label, and the URL's selector, even if
 *  no machine matches it. */
export function labelOptions(machines: readonly LabeledMachine[], { machineSelector }: Filters) {
  const found = machines.flatMap(({ labels, adminLabels }) =>
    Object.entries({ ...labels, ...adminLabels }).map(([name, value]) => `${name}=${value}`),
  )
  const all = new Set([...found, ...(machineSelector ? [machineSelector] : [])])
  return [...all].toSorted().map((value) => ({ value, name: value }))
}

/** Splits the values of a multi-value filter. */
export function splitValues(value: string | undefined): string[] {
  return value ? value.split(',').filter(Boolean) : []
}

/** Adds `word` if it is missing, otherwise removes it. */
export function toggleValue(value: string | undefined, word: string): string | undefined {
  const before = splitValues(value)
  const after = before.includes(word) ? before.filter((one) => one !== word) : [...before, word]
  return after.join(',') || undefined
}
