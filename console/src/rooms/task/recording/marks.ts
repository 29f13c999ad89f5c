/** What happened around a recording: gates that were opened and answered, and who typed. */
import type { Schemas } from '../../../api/client'
import type { Mark } from '../../../lib/cast'
import { words } from '../../../words'

type Event = Schemas['Event']
type Input = Schemas['TerminalInput']

/** Inputs so close to each other are one mark. */
const CLOSE_MILLISECONDS = 60_000

export function marksOf(attempt: number, began: number, events: Event[], inputs: Input[]): Mark[] {
  const at = (time: string) => (Date.parse(time) - began) / 1000
  const gates = events
    .filter((event) => event.attempt === attempt && isAboutGate(event))
    .map((event) => ({
      seconds: at(event.createdAt),
      label: words.recording[event.type as 'suspended'],
    }))
  const typed = inputs
    .filter((input) => input.attempt === attempt)
    .sort((one, other) => Date.parse(one.begunAt) - Date.parse(other.begunAt))
    .filter((input, place, all) => {
      const before = all[place - 1]
      return !before || Date.parse(input.begunAt) - Date.parse(before.endedAt) > CLOSE_MILLISECONDS
    })
    .map((input) => ({
      seconds: at(input.begunAt),
      label: words.recording.typed(input.developer.name),
    }))
  return [...gates, ...typed].filter(({ seconds }) => seconds >= 0)
}

function isAboutGate({ type }: Event): boolean {
  return type === 'suspended' || type === 'confirmed' || type === 'resumed'
}
