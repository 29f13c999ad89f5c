/** A task's stages over time, from its events: how long each ran, and how long it waited for
 *  people. The current time is an argument. Times are in milliseconds. Pure. */
import type { Schemas } from '../../api/client'
import { type Answer, answerInEvent, isRejection } from './answers'

export type TimelineEvent = Pick<Schemas['Event'], 'type' | 'stageIndex' | 'data' | 'createdAt'>
type Event = TimelineEvent
type Task = Pick<
  Schemas['TaskDetail'],
  'pipeline' | 'status' | 'currentStageIndex' | 'failure' | 'gate'
>

export type TimelinePart =
  | {
      kind: 'gate'
      stage: number
      name: string
      /** `unanswered`: it was withdrawn, or the task ended before an answer. */
      state: 'past' | 'rejected' | 'unanswered' | 'asking' | 'future'
      waited: number
      answer: Answer | null
    }
  | {
      kind: 'stage'
      stage: number
      name: string
      state: 'done' | 'now' | 'asking' | 'paused' | 'failed' | 'stopped' | 'future'
      worked: number
      /** The time that it waited for people while the stage was running. */
      asked: number
      /** How often it was started. */
      runs: number
      /** How often its failure has gone back to an agent, of how many times; null: never. */
      back: { count: number; times: number } | null
      limit: number
    }

type Span = {
  worked: number
  asked: number
  waited: number
  runs: number
  back: { count: number; times: number } | null
  /** It will run again, because a later stage's failure went back. */
  runsAgain: boolean
  isEnded: boolean
  /** The event with the answer to the question before it. */
  answered: Event | null
}

const emptySpan = (): Span => ({
  worked: 0,
  asked: 0,
  waited: 0,
  runs: 0,
  back: null,
  runsAgain: false,
  isEnded: false,
  answered: null,
})

export function timeline(task: Task, events: readonly Event[], now: number): TimelinePart[] {
  const spans = spansOf(events, task.pipeline.length, isActive(task) ? now : null)
  return task.pipeline.flatMap((stage, index) => {
    const span = spans[index] ?? emptySpan()
    const part: TimelinePart = {
      kind: 'stage',
      stage: index,
      name: stage.name,
      state: stateOf(task, index, span),
      worked: span.worked,
      asked: span.asked,
      runs: span.runs,
      back: span.back,
      limit: (stage.timeout ?? 0) * 1000,
    }
    return hasGate(stage) ? [gateBefore(task, index, span), part] : [part]
  })
}

function hasGate(stage: Schemas['Stage']): boolean {
  return Boolean(stage.confirm || stage.input || stage.choices?.length)
}

function gateBefore(task: Task, index: number, span: Span): TimelinePart {
  const hasRun = span.runs > 0 && !span.runsAgain
  const isPast = task.currentStageIndex > index || hasRun || task.status === 'completed'
  const kind = kindOfGate(task.pipeline[index])
  const answer = span.answered && answerInEvent(span.answered, kind)
  const state = () => {
    if (isAskedAt(task, index, 'before')) return 'asking'
    if (isRejection(answer)) return 'rejected'
    if (isPast || span.answered) return 'past'
    return span.waited > 0 ? 'unanswered' : 'future'
  }
  const name = task.pipeline[index]?.name ?? ''
  return { kind: 'gate', stage: index, name, state: state(), waited: span.waited, answer }
}

function kindOfGate(stage: Schemas['Stage'] | undefined): Answer['kind'] {
  if (stage?.choices?.length) return 'choose'
  return stage?.input ? 'input' : 'confirm'
}

/** Whether a question is open before or in that stage, whatever the task's status: its machine may
 *  drain or be lost meanwhile. Questions about branches and checkpoints have no place of their own,
 *  and count as the stage's. */
function isAskedAt({ gate }: Task, index: number, place: 'before' | 'within'): boolean {
  return gate?.stageIndex === index && place === (gate.number > 0 ? 'within' : 'before')
}

type StagePart = Extract<TimelinePart, { kind: 'stage' }>

function stateOf(task: Task, index: number, span: Span): StagePart['state'] {
  if (isAskedAt(task, index, 'within')) return 'asking'
  if (task.status === 'completed' || index < task.currentStageIndex) return 'done'
  if (index > task.currentStageIndex || span.runs === 0) return 'future'
  if (task.status === 'failed') {
    return (task.failure?.stageIndex ?? index) === index ? 'failed' : 'done'
  }
  if (task.status === 'cancelled') return span.isEnded ? 'done' : 'stopped'
  return task.status === 'running' ? 'now' : 'paused'
}

/** Computes the times of each stage; an open interval lasts until `now` (null if the task isn't
 *  active). When a new round repeats a stage, that stage and all later ones start from zero. */
export function spansOf(events: readonly Event[], count: number, now: number | null): Span[] {
  const spans = Array.from({ length: count }, emptySpan)
  let open: { what: 'worked' | 'asked' | 'waited'; stage: number; since: number } | null = null
  const close = (at: number) => {
    const span = open && spans[open.stage]
    if (open && span) span[open.what] += Math.max(0, at - open.since)
    open = null
  }
  for (const event of events) {
    const at = Date.parse(event.createdAt)
    const stage = event.stageIndex ?? 0
    const span = spans[stage]
    if (!span) continue
    updateAnswer(span, event)
    switch (event.type) {
      case 'retried':
      case 'followed_up':
        close(at)
        for (let later = stage; later < count; later++) spans[later] = emptySpan()
        break
      case 'stage_started':
        close(at)
        span.runs += 1
        span.isEnded = span.runsAgain = false
        open = { what: 'worked', stage, since: at }
        break
      case 'stage_finished':
        close(at)
        endRun(spans, span, event)
        break
      case 'suspended':
        close(at)
        if (event.data.reason === 'quota') break
        open = { what: isMidStage(event) ? 'asked' : 'waited', stage, since: at }
        break
      case 'confirmed':
        close(at)
        // An answered agent continues; a stopped stage starts another run.
        if (isMidStage(event) && !span.isEnded && event.data.budget === undefined) {
          open = { what: 'worked', stage, since: at }
        }
        break
      case 'warning':
        if (event.data.withdrawn === true) close(at)
        break
      case 'requeued':
      case 'machine_lost':
        // An open question stays open; if its work is lost, another event withdraws it.
        if (open?.what === 'worked') close(at)
        break
      case 'failed':
      case 'cancelled':
      case 'completed':
        close(at)
        break
    }
  }
  if (now !== null) close(now)
  return spans
}

/** Notes the answer to the question before the stage, until that is asked again. */
function updateAnswer(span: Span, event: Event): void {
  if (isMidStage(event)) return
  const isAskedAgain = event.type === 'suspended' && event.data.reason === 'gate'
  if (event.type === 'confirmed') span.answered = event
  else if (isAskedAgain || event.data.withdrawn === true) span.answered = null
}

/** Ends the stage's run. Stages that run again because it failed have their questions asked again. */
function endRun(spans: Span[], span: Span, event: Event): void {
  const { backTo } = event.data
  span.isEnded = true
  span.back = turnBack(event) ?? span.back
  if (typeof backTo !== 'number') return
  for (const again of spans.slice(backTo + 1, (event.stageIndex ?? 0) + 1)) {
    Object.assign(again, { runsAgain: true, waited: 0, answered: null })
  }
}

/** Reads the turn that the stage's failure started. */
function turnBack({ data }: Event): Span['back'] {
  if (typeof data.turn !== 'number' || typeof data.times !== 'number') return null
  return { count: data.turn, times: data.times }
}

function isMidStage(event: Event): boolean {
  return typeof event.data.number === 'number' && event.data.number > 0
}

function isActive(task: Task): boolean {
  return !['completed', 'failed', 'cancelled'].includes(task.status)
}

/** The width of the running stage: one that grew would look like progress. */
const RUNNING_WIDTH = 2
/** The sum of the others' widths, if one is running, and if none is. */
const OTHERS = { beside: 4, alone: 8 }

/** Returns the parts' relative widths: proportional to their durations, within bounds that keep
 *  them legible. */
export function widths(parts: readonly TimelinePart[]): number[] {
  const lengths = parts.map((part) => {
    if (part.kind === 'gate') return part.waited
    return part.state === 'now' ? 0 : part.worked + part.asked
  })
  const all = lengths.reduce((before, one) => before + one, 0)
  const sum = parts.some(({ state }) => state === 'now') ? OTHERS.beside : OTHERS.alone
  return parts.map((part, place) => {
    if (part.state === 'now') return RUNNING_WIDTH
    const least = part.kind === 'gate' ? 0.7 : 1
    return all === 0 ? least : Math.max(least, ((lengths[place] ?? 0) / all) * sum)
  })
}
