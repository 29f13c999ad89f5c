import { type CSSProperties, useRef } from 'react'
import type { Schemas } from '../../api/client'
import { useTicking } from '../../components/hooks/useNow'
import { useOverflow } from '../../components/hooks/useOverflow'
import { StatusIcon, type StatusIconName } from '../../components/status/Status'
import { strings } from '../../i18n'
import { formatDuration } from '../../lib/format/times'
import { type Answer, answerWithComment } from '../../lib/task/answers'
import { type TimelinePart, timeline, widths } from '../../lib/task/timeline'
import { useEvents } from '../../queries/events'
import { EarlierRounds } from './EarlierRounds'
import styles from './StageTimeline.module.css'

/** The stages, as wide as they took: solid for work, hatched for waiting, pale for the future. The
 *  running one only shows its time, because nobody knows how far it is. */
export function StageTimeline({ task }: { task: Schemas['TaskDetail'] }) {
  const isEnded = ['completed', 'failed', 'cancelled'].includes(task.status)
  const now = useTicking((moment) => (isEnded ? 0 : moment))
  const { data: events = [], isPending } = useEvents(task.id)
  const parts = timeline(task, events, now)
  const shares = widths(parts)
  const list = useRef<HTMLOListElement>(null)
  const scrolls = useOverflow(list)
  return (
    <>
      <ol
        ref={list}
        className={styles.line}
        aria-label={strings.task.stages}
        tabIndex={scrolls ? 0 : undefined}
      >
        {parts.map((part, place) => (
          <TimelineItem
            key={`${part.kind}-${part.stage}`}
            part={part}
            share={shares[place] ?? 1}
            task={task}
            isKnown={!isPending}
          />
        ))}
      </ol>
      <EarlierRounds task={task} events={events} />
    </>
  )
}

function TimelineItem(props: {
  part: TimelinePart
  share: number
  task: Schemas['TaskDetail']
  /** Whether the events, and with them the times, are loaded. */
  isKnown: boolean
}) {
  const { part } = props
  const shape = shapeOf(part)
  const all = part.kind === 'stage' ? part.worked + part.asked : 0
  const style: CSSProperties & { '--worked'?: string } = { flex: props.share }
  if (part.kind === 'stage' && part.asked > 0) style['--worked'] = `${(part.worked / all) * 100}%`
  return (
    <li className={classOf(part)} style={style}>
      <b>
        <span className="tone" data-is={shape === 'future' ? 'queued' : shape}>
          <StatusIcon look={shape} />
        </span>
        {part.kind === 'gate' ? nameOfGate(props.task, part.stage) : part.name}
        <span className="hidden">, {strings.task.states[part.state]}</span>
      </b>
      <span>{props.isKnown || part.state === 'future' ? durationText(part) : '\u00a0'}</span>
      {part.kind === 'gate' && part.answer && <GateAnswer answer={part.answer} />}
    </li>
  )
}

/** Who answered and how; the comment, too, as far as it fits. */
function GateAnswer({ answer }: { answer: Answer }) {
  const text = answerWithComment(answer, strings.gate)
  return (
    <span className="cut" title={text}>
      {text}
    </span>
  )
}

function classOf(part: TimelinePart): string {
  const { state } = part
  const names = [part.kind === 'gate' && styles.gate]
  if (state === 'done' || state === 'stopped') names.push(styles.done)
  if (state === 'now') names.push(styles.runs)
  if (state === 'paused') names.push(styles.now)
  if (state === 'failed') names.push(styles.bust)
  if (state === 'asking') names.push(part.kind === 'gate' ? styles.ask : styles.now)
  if (part.kind === 'stage' && part.asked > 0) names.push(styles.paused)
  if (part.kind === 'stage' && part.asked > 0 && state !== 'asking') names.push(styles.over)
  return names.filter(Boolean).join(' ')
}

function shapeOf({ state }: TimelinePart): StatusIconName {
  const shapes: Record<TimelinePart['state'], StatusIconName> = {
    done: 'completed',
    past: 'completed',
    rejected: 'cancelled',
    unanswered: 'cancelled',
    now: 'running',
    asking: 'needs',
    paused: 'waits',
    failed: 'failed',
    stopped: 'cancelled',
    future: 'future',
  }
  return shapes[state]
}

function nameOfGate(task: Schemas['TaskDetail'], index: number): string {
  const stage = task.pipeline[index]
  if (stage?.choices?.length) return strings.task.gateChoose
  return stage?.input ? strings.task.gateInput : strings.task.gate
}

function durationText(part: TimelinePart): string {
  const format = (ms: number) => formatDuration(ms, strings.units)
  if (part.kind === 'gate') {
    if (part.state === 'future') return strings.task.notAsked
    if (part.state === 'unanswered') return strings.task.unanswered(format(part.waited))
    return part.state === 'asking'
      ? strings.task.soFar(format(part.waited))
      : strings.task.waited(format(part.waited))
  }
  const worked = format(part.worked)
  if (part.back && part.state !== 'asking') {
    return strings.task.failedOf(worked, part.back.count, part.back.times)
  }
  if (part.state === 'future') return part.limit ? strings.task.upTo(format(part.limit)) : ''
  if (part.state === 'asking') {
    const asked = format(part.asked)
    return part.runs > 0 ? strings.task.thenAsking(worked, asked) : strings.task.soFar(asked)
  }
  if (part.asked > 0) return strings.task.andAsked(worked, format(part.asked))
  if (part.runs > 1) return strings.task.inRuns(worked, part.runs)
  return part.state === 'now' && part.limit
    ? strings.task.ofLimit(worked, format(part.limit))
    : worked
}
