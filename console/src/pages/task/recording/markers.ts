/** Markers of a recording: gates that were opened or answered, and who typed. */
import type { Schemas } from '../../../api/client'
import { strings } from '../../../i18n'
import type { Marker } from '../../../lib/log/asciicast'

type Event = Schemas['Event']
type Input = Schemas['TerminalInput']

/** Inputs closer together than this share one marker. */
const CLOSE_MILLISECONDS = 60_000

export function recordingMarkers(
  attempt: number,
  began: number,
  events: Event[],
  inputs: Input[],
): Marker[] {
  const at = (time: string) => (Date.parse(time) - began) / 1000
  const gates = events
    .filter((event) => event.attempt === attempt && isAboutGate(event))
    .map((event) => ({
      seconds: at(event.createdAt),
      label: strings.recording[event.type as 'suspended'],
    }))
  const typed = inputs
    .filter((input) => input.attempt === attempt)
    .sort((one, other) => Date.parse(one.startedAt) - Date.parse(other.startedAt))
    .filter((input, place, all) => {
      const before = all[place - 1]
      return (
        !before || Date.parse(input.startedAt) - Date.parse(before.endedAt) > CLOSE_MILLISECONDS
      )
    })
    .map((input) => ({
      seconds: at(input.startedAt),
      label: strings.recording.typed(input.developer.name),
    }))
  return [...gates, ...typed].filter(({ seconds }) => seconds >= 0)
}

function isAboutGate({ type }: Event): boolean {
  return type === 'suspended' || type === 'confirmed' || type === 'resumed'
}
