/** Moments and durations as people say them. Pure: now and the words are given. */

export type Units = {
  days: (n: number) => string
  hours: (n: number) => string
  minutes: (n: number) => string
  seconds: (n: string) => string
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Two units at most: `52 s`, `1 min 12 s`, `3 h 48 min`; below a second `0.2 s`. */
export function formatDuration(milliseconds: number, units: Units): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 1000) return units.seconds(ms < 50 ? '0' : (ms / 1000).toFixed(1))
  if (ms < MINUTE) return units.seconds(String(Math.floor(ms / 1000)))
  if (ms < HOUR) return joinUnits(ms, MINUTE, units.minutes, 1000, (n) => units.seconds(String(n)))
  if (ms < DAY) return joinUnits(ms, HOUR, units.hours, MINUTE, units.minutes)
  return joinUnits(ms, DAY, units.days, HOUR, units.hours)
}

/** One unit below an hour, two above: how long ago something was, where it need not be exact. */
export function formatRoughDuration(milliseconds: number, units: Units): string {
  const ms = Math.max(0, milliseconds)
  if (ms < MINUTE) return units.seconds(String(Math.floor(ms / 1000)))
  if (ms < HOUR) return units.minutes(Math.floor(ms / MINUTE))
  return formatDuration(ms, units)
}

/** Within a day how long ago, within a week `Sat 12:51`, then `Nov 26`, with another year's year. */
export function formatTimestamp(at: Date, now: Date, units: Units, locale: string): string {
  const ago = now.getTime() - at.getTime()
  // A clock that is told anew twice a minute lies behind what has just happened.
  if (Math.abs(ago) < DAY)
    return ago > -MINUTE ? formatRoughDuration(ago, units) : formatTime(at, locale)
  if (Math.abs(ago) < 6 * DAY) {
    return at.toLocaleString(locale, {
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  }
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return at.toLocaleDateString(locale, { day: 'numeric', month: 'short', year })
}

/** `15:00`; of another day with the day. */
export function formatTime(at: Date, locale: string, now: Date = new Date()): string {
  const isToday = at.toDateString() === now.toDateString()
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return isToday
    ? at.toLocaleTimeString(locale, time)
    : at.toLocaleString(locale, { weekday: 'short', ...time })
}

/** `14:18:02`, as logs and transcripts write it. */
export function formatTimeWithSeconds(at: Date, locale: string): string {
  return at.toLocaleTimeString(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
}

/** `1:02:03`, `2:03`: how far something is played. */
export function formatPlaybackTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, place) => (place === 0 ? part : String(part).padStart(2, '0'))).join(':')
}

// Made once: it takes longer than all else of a row, and a list that is scrolled has many.
const exactFormats = new Map<string, Intl.DateTimeFormat>()

/** The exact moment, with its zone: what is shown on hover. */
export function formatExactTime(at: Date, locale: string): string {
  let format = exactFormats.get(locale)
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' })
    exactFormats.set(locale, format)
  }
  return format.format(at)
}

function joinUnits(
  ms: number,
  big: number,
  sayBig: (n: number) => string,
  small: number,
  saySmall: (n: number) => string,
): string {
  const rest = Math.floor((ms % big) / small)
  const first = sayBig(Math.floor(ms / big))
  return rest === 0 ? first : `${first} ${saySmall(rest)}`
}
