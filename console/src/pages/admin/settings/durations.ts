/** Durations of settings, shown and entered in days, hours and minutes. Pure. */
import type { Schemas } from '../../../api/client'

type Setting = Schemas['Setting']
export type DurationPart = 'days' | 'hours' | 'minutes'

const SECONDS: Record<string, number> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 }
const SEPARATOR = ':'

/** Returns the fields of a duration in the API's unit: none is smaller than it, except that minutes
 *  are the smallest. Empty if the setting is no duration. */
export function durationParts({ unit }: Pick<Setting, 'unit'>): DurationPart[] {
  if (unit === 'seconds') return ['days', 'hours', 'minutes']
  if (unit === 'hours') return ['days', 'hours']
  return unit === 'days' ? ['days'] : []
}

export const isDuration = (setting: Pick<Setting, 'unit'>) => durationParts(setting).length > 0

/** Returns the texts of a value's fields, as one text: `1:12` for 36 hours. */
export function splitDuration(value: number, setting: Pick<Setting, 'unit'>): string {
  const parts = durationParts(setting)
  let rest = value * secondsOf(setting.unit)
  const texts = parts.map((part, place) => {
    const size = secondsOf(part)
    const isLast = place === parts.length - 1
    const count = isLast ? rest / size : Math.floor(rest / size)
    rest -= count * size
    return String(count)
  })
  return texts.join(SEPARATOR)
}

export const fieldsOf = (text: string): string[] => text.split(SEPARATOR)

/** Replaces the text of one field. */
export function setField(text: string, place: number, field: string): string {
  return fieldsOf(text)
    .map((old, at) => (at === place ? field : old))
    .join(SEPARATOR)
}

/** Returns the value in the API's unit; null if every field is empty. */
export function joinDuration(text: string, setting: Pick<Setting, 'unit'>): number | null {
  const fields = fieldsOf(text).map((field) => field.trim())
  if (fields.every((field) => field === '')) return null
  const parts = durationParts(setting)
  const seconds = fields.reduce(
    (sum, field, place) => sum + Number(field) * secondsOf(parts[place] ?? ''),
    0,
  )
  // A fraction of a day isn't exact in binary: 0.1 days are 8,640 s.
  return Math.round((seconds / secondsOf(setting.unit)) * 1e6) / 1e6
}

/** Formats as `1 day 12 hours`, in the language of `locale`. */
export function formatDuration(
  value: number,
  setting: Pick<Setting, 'unit'>,
  locale: string,
): string {
  const parts = durationParts(setting)
  const counts = fieldsOf(splitDuration(value, setting)).map(Number)
  const counted = parts.map((part, place) => [part, counts[place] ?? 0] as const)
  const texts = counted.filter(([, count]) => count > 0).map((one) => formatPart(...one, locale))
  const last = parts.at(-1)
  if (texts.length === 0 && last) return formatPart(last, 0, locale)
  return new Intl.ListFormat(locale, { type: 'unit', style: 'narrow' }).format(texts)
}

function formatPart(part: DurationPart, count: number, locale: string): string {
  const unit = part.slice(0, -1)
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
}

const secondsOf = (unit: string) => SECONDS[unit] ?? Number.NaN
