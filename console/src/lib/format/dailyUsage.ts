/** Daily usage for charts. Pure. */
import type { Schemas } from '../../api/client'

type Group = Pick<Schemas['UsageGroup'], 'key' | 'usage'>
const DAY_SECONDS = 24 * 3600

const MAX_DAYS = 400

/** Counts the days between two dates, both included; limited to MAX_DAYS. */
export function daysBetween(from: string, to: string): number {
  const days = Math.round((Date.parse(to) - Date.parse(from)) / 1000 / DAY_SECONDS) + 1
  return Math.min(MAX_DAYS, Math.max(1, days))
}

const MIN_CHART_DAYS = 7

/** Returns the range of a chart of these days, in seconds: whole days, so that the first and the
 *  last bar are fully visible, and at least a week, so that a few bars aren't walls. */
export function dayRange(days: ArrayLike<number>): [number, number] {
  const first = days[0] ?? 0
  const last = days[days.length - 1] ?? first
  const missing = MIN_CHART_DAYS - 1 - (last - first) / DAY_SECONDS
  const margin = (Math.max(1, missing + 1) / 2) * DAY_SECONDS
  return [first - margin, last + margin]
}

/** Returns series of `count` days from `from` (`2030-01-31`, UTC), with times in seconds. A day
 *  without usage is 0, one with unknown usage null. */
export function dailyUsage(groups: readonly Group[], from: string, count: number) {
  const known = new Map(groups.map(({ key, usage }) => [key, usage]))
  const first = Date.parse(from) / 1000
  const at = Array.from({ length: count }, (_, day) => first + day * DAY_SECONDS)
  const series = (figure: 'inputTokens' | 'outputTokens' | 'cost') =>
    at.map((seconds) => {
      const usage = known.get(new Date(seconds * 1000).toISOString().slice(0, 10))
      return usage ? usage[figure] : 0
    })
  return { at, input: series('inputTokens'), output: series('outputTokens'), cost: series('cost') }
}
