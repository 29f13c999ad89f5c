/** What happened, in the user's language where the event's data has all of it; else the server's
 *  text. Pure. */
import type { Schemas } from '../../api/client'
import type { EventTexts } from '../../i18n/en/events'
import type { statusText as StatusWords } from '../../i18n/en/statusText'
import { agentName } from '../format/agentNames'
import { revealInvisible } from '../format/invisibleChars'
import { failureText } from './statusText'

type Event = Pick<Schemas['Event'], 'type' | 'message' | 'data'>
type EventContext = {
  texts: EventTexts
  statusWords: typeof StatusWords
  /** The name of the event's stage. */
  stage: string
  agentType: string
}

export function eventText(event: Event, around: EventContext): string {
  return revealInvisible(ownText(event, around) ?? event.message)
}

function ownText({ type, data, message }: Event, around: EventContext): string | undefined {
  const { texts, statusWords, stage, agentType } = around
  const { code, how, host, network, number, state, createdBy, answeredBy, result } = data
  const author = nameOf(createdBy)
  switch (type) {
    case 'stage_started':
      return texts.stageStarted?.(stage)
    case 'stage_finished':
      return how === 'exit' ? texts.stageExited?.(stage, Number(code)) : undefined
    case 'completed':
      return typeof data.changed === 'boolean' ? texts.completed?.(data.changed) : undefined
    case 'failed':
      return texts.failed?.(
        failureText(String(code), stage, agentName(agentType), statusWords),
        message,
      )
    case 'confirmed':
      return texts.answered?.(nameOf(answeredBy), String(result))
    case 'egress_refused':
      return typeof host === 'string'
        ? texts.refused?.(stage, host, network === 'stage')
        : undefined
    case 'message':
      return texts.messages?.[String(state)]?.(Number(number), author)
    default:
      return undefined
  }
}

function nameOf(person: unknown): string {
  return String((person as { name?: string } | null | undefined)?.name ?? '')
}
