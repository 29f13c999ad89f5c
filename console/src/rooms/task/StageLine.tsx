import { type CSSProperties, useRef } from 'react'
import type { Schemas } from '../../api/client'
import { type Part, timeline, widths } from '../../lib/timeline'
import { duration } from '../../lib/times'
import { useEvents } from '../../queries/events'
import { type Shape, StatusMark } from '../../ui/Status'
import { useNow } from '../../ui/useNow'
import { useScrolls } from '../../ui/useScrolls'
import { words } from '../../words'
import styles from './StageLine.module.css'

/** The stages, as long as they took: solid is work, hatched is waiting for a person, pale is to come. */
export function StageLine({ task }: { task: Schemas['TaskDetail'] }) {
  const isLive = ['running', 'suspended'].includes(task.status)
  const now = useNow(isLive ? 'seconds' : 'halfMinutes')
  const events = useEvents(task.id).data ?? []
  const parts = timeline(task, events, now)
  const shares = widths(parts)
  const list = useRef<HTMLOListElement>(null)
  const scrolls = useScrolls(list)
  return (
    <ol
      ref={list}
      className={styles.line}
      aria-label={words.task.stages}
      tabIndex={scrolls ? 0 : undefined}
    >
      {parts.map((part, place) => (
        <One
          key={`${part.kind}-${part.stage}`}
          part={part}
          share={shares[place] ?? 1}
          task={task}
        />
      ))}
    </ol>
  )
}

function One(props: { part: Part; share: number; task: Schemas['TaskDetail'] }) {
  const { part } = props
  const shape = shapeOf(part)
  const all = part.kind === 'stage' ? part.worked + part.asked : 0
  const style: CSSProperties & { '--worked'?: string } = { flex: props.share }
  if (part.kind === 'stage' && part.asked > 0) style['--worked'] = `${(part.worked / all) * 100}%`
  return (
    <li className={classOf(part)} style={style}>
      <b>
        <span className="tone" data-is={shape === 'future' ? 'queued' : shape}>
          <StatusMark look={shape} />
        </span>
        {part.kind === 'gate' ? nameOfGate(props.task, part.stage) : part.name}
        <span className="hidden">, {words.task.states[part.state]}</span>
      </b>
      <span>{saidOf(part)}</span>
    </li>
  )
}

function classOf(part: Part): string {
  const { state } = part
  const names = [part.kind === 'gate' && styles.gate]
  if (state === 'done' || state === 'stopped') names.push(styles.done)
  if (state === 'now' || state === 'paused') names.push(styles.now)
  if (state === 'failed') names.push(styles.bust)
  if (state === 'asking') names.push(part.kind === 'gate' ? styles.ask : styles.now)
  if (part.kind === 'stage' && part.asked > 0) names.push(styles.paused)
  if (part.kind === 'stage' && part.asked > 0 && state !== 'asking') names.push(styles.over)
  return names.filter(Boolean).join(' ')
}

function shapeOf({ state }: Part): Shape {
  const shapes: Record<Part['state'], Shape> = {
    done: 'completed',
    past: 'completed',
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
  if (stage?.choices?.length) return words.task.gateChoose
  return stage?.input ? words.task.gateInput : words.task.gate
}

function saidOf(part: Part): string {
  const say = (ms: number) => duration(ms, words.units)
  if (part.kind === 'gate') {
    if (part.state === 'future') return words.task.notAsked
    return part.state === 'asking'
      ? words.task.soFar(say(part.waited))
      : words.task.waited(say(part.waited))
  }
  const worked = say(part.worked)
  if (part.state === 'future') return part.limit ? words.task.upTo(say(part.limit)) : ''
  if (part.state === 'asking') return words.task.thenAsking(worked, say(part.asked))
  if (part.asked > 0) return words.task.andAsked(worked, say(part.asked))
  if (part.runs > 1) return words.task.inRuns(worked, part.runs)
  return part.state === 'now' && part.limit ? words.task.of(worked, say(part.limit)) : worked
}
