/** Formats times and durations for display. The current time and the unit names are arguments.
 *  Pure. */

export type Units = {
  days: (n: number) => string
  hours: (n: number) => string
  minutes: (n: number) => string
  seconds: (n: string) => string
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Formats with at most two units: `52 s`, `1 min 12 s`, `3 h 48 min`; less than a second as `0.2
 *  s`. */
export function formatDuration(milliseconds: number, units: Units): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 1000) return units.seconds(ms < 50 ? '0' : (ms / 1000).toFixed(1))
  if (ms < MINUTE) return units.seconds(String(Math.floor(ms / 1000)))
  if (ms < HOUR) return joinUnits(ms, MINUTE, units.minutes, 1000, (n) => units.seconds(String(n)))
  if (ms < DAY) return joinUnits(ms, HOUR, units.hours, MINUTE, units.minutes)
  return joinUnits(ms, DAY, units.days, HOUR, units.hours)
}

/** Formats with one unit below an hour and two above: for ages that needn't be exact. */
export function formatRoughDuration(milliseconds: number, units: Units): string {
  const ms = Math.max(0, milliseconds)
  if (ms < MINUTE) return units.seconds(String(Math.floor(ms / 1000)))
  if (ms < HOUR) return units.minutes(Math.floor(ms / MINUTE))
  return formatDuration(ms, units)
}

/** Formats as the age within a day, `Sat 12:51` within a week, then `Nov 26`; with the year if it
 *  isn't the current one. */
export function formatTimestamp(at: Date, now: Date, units: Units, locale: string): string {
  const ago = now.getTime() - at.getTime()
  // The server's clock may be ahead of the browser's, so a recent time may be in the future.
  if (Math.abs(ago) < DAY)
    return ago > -MINUTE ? formatRoughDuration(ago, units) : formatTime(at, locale)
  if (Math.abs(ago) < 6 * DAY) {
    return formatDayAndTime(at, locale)
  }
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return at.toLocaleDateString(locale, { day: 'numeric', month: 'short', year })
}

/** Formats as `15:00`; with the weekday if it isn't today. */
export function formatTime(at: Date, locale: string, now: Date = new Date()): string {
  const isToday = at.toDateString() === now.toDateString()
  return isToday ? at.toLocaleTimeString(locale, CLOCK) : formatDayAndTime(at, locale)
}

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const

/** Formats as `Sat 15:00`; in Chinese, browsers leave out the space. */
function formatDayAndTime(at: Date, locale: string): string {
  const text = at.toLocaleString(locale, { weekday: 'short', ...CLOCK })
  return text.replace(/(\p{Script=Han})(?=\d)/u, '$1 ')
}

/** Formats as `14:18:02`, for logs and transcripts. */
export function formatTimeWithSeconds(at: Date, locale: string): string {
  return at.toLocaleTimeString(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
}

/** Formats a playback position: `1:02:03`, `2:03`. */
export function formatPlaybackTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const visible = parts[0] === 0 ? parts.slice(1) : parts
  return visible
    .map((part, place) => (place === 0 ? part : String(part).padStart(2, '0')))
    .join(':')
}

// Cached: creating a format costs more than the rest of a row, and scrolling renders many rows.
const exactFormats = new Map<string, Intl.DateTimeFormat>()

/** Formats the exact time with its time zone, to be shown on hover. */
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
