/** Recordings in asciicast v2: a header line, then `[seconds, kind, data]` per line. */

/** An event during the recording; `seconds` since its start. */
export type Marker = { seconds: number; label: string }

/** Inserts markers into a recording in order; returns it with all its markers, its own included. */
export function addMarkers(cast: string, marks: Marker[]): { cast: string; marks: Marker[] } {
  const waiting = [...marks].sort((one, other) => one.seconds - other.seconds)
  const lines: string[] = []
  const all: Marker[] = []
  const addMarker = (mark: Marker) => {
    all.push(mark)
    lines.push(JSON.stringify([mark.seconds, 'm', mark.label]))
  }
  const [head = '', ...events] = cast.split('\n')
  lines.push(head)
  let last = 0
  for (const line of events) {
    const event = parseEvent(line)
    if (!event) continue
    last = event[0]
    while (waiting[0] && waiting[0].seconds < last) addMarker(waiting.shift() as Marker)
    if (event[1] === 'm') addMarker({ seconds: last, label: String(event[2]) })
    else lines.push(line)
  }
  // Markers after the last event are moved to the end.
  for (const mark of waiting)
    addMarker({ ...mark, seconds: Math.max(0, Math.min(mark.seconds, last)) })
  return { cast: lines.join('\n'), marks: all }
}

/** Returns when the recording starts, in milliseconds since 1970; null if it doesn't say. */
export function startTime(cast: string): number | null {
  try {
    const { timestamp } = JSON.parse(cast.slice(0, cast.indexOf('\n'))) as { timestamp?: unknown }
    return typeof timestamp === 'number' ? timestamp * 1000 : null
  } catch {
    return null
  }
}

/** Whether nothing was printed. */
export function isEmpty(cast: string): boolean {
  return !/^\[[^"]*"o"/m.test(cast)
}

function parseEvent(line: string): [number, string, unknown] | null {
  if (!line.startsWith('[')) return null
  // Most events are output, of which only the time is needed, so don't parse the JSON.
  const found = /^\[([\d.]+), ?"(\w)"/.exec(line)
  if (!found) return null
  const seconds = Number(found[1])
  return found[2] === 'm'
    ? [seconds, 'm', (JSON.parse(line) as unknown[])[2]]
    : [seconds, found[2] as string, null]
}
