/** Converts a transcript to displayed rows: stages, messages, commands, edits, and consecutive tool
 *  calls folded into one row. */

import type { Schemas } from '../../api/client'
import { textIn } from './entryData'
import { isMusterTool } from './musterTools'

export type Entry = Schemas['TranscriptEntry']
type Event = Pick<Schemas['Event'], 'type' | 'stageIndex' | 'attempt' | 'createdAt' | 'data'>

export type Kind = 'all' | 'edits' | 'commands' | 'words'
export const KINDS: readonly Kind[] = ['all', 'edits', 'commands', 'words']

export type Row =
  /** `milliseconds`: null while it runs. `isSilent`: it has no entries. */
  | { is: 'stage'; key: string; stage: number; milliseconds: number | null; isSilent: boolean }
  /** `milliseconds`: how long the action took, null while it runs; for what takes no time, since
   *  the previous entry, or since the stage started. */
  | { is: 'entry'; key: string; entry: Entry; milliseconds: number | null }
  | { is: 'tools'; key: string; entries: Entry[]; milliseconds: number | null }

const KIND_FILTERS: Record<Kind, (entry: Entry) => boolean> = {
  all: () => true,
  edits: ({ kind }) => kind === 'edit',
  commands: ({ kind, data }) => kind === 'command' || (kind === 'denied' && 'command' in data),
  words: ({ kind }) => ['message', 'thought', 'question', 'error'].includes(kind),
}

type Run = { stage: number; run: number; startedAt: number | null; endedAt: number | null }

/** Returns the rows of one attempt whose entries contain `q`, ignoring case. */
export function transcriptRows(
  entries: readonly Entry[],
  events: readonly Event[],
  attempt: number,
  kind: Kind = 'all',
  q = '',
): Row[] {
  const runs = stageRuns(entries, events, attempt)
  const isFiltered = kind !== 'all' || q !== ''
  const wanted = q.toLowerCase()
  return runs.flatMap((run) => {
    const own = entries.filter((one) => one.stageIndex === run.stage && one.run === run.run)
    const matching = addDurations(own, run).filter(
      ({ entry }) => !isDuplicate(entry) && KIND_FILTERS[kind](entry) && matchesText(entry, wanted),
    )
    if (isFiltered && matching.length === 0) return []
    return [stageRow(run, own.length === 0), ...foldTools(matching)]
  })
}

/** Returns the runs of stages in order: those with events, and those that only entries mention. */
function stageRuns(entries: readonly Entry[], events: readonly Event[], attempt: number): Run[] {
  const runs: Run[] = []
  const counts = new Map<number, number>()
  for (const { type, stageIndex, createdAt, attempt: of } of events) {
    if (of !== attempt || stageIndex === null) continue
    if (type === 'stage_started') {
      const run = counts.get(stageIndex) ?? 0
      counts.set(stageIndex, run + 1)
      runs.push({ stage: stageIndex, run, startedAt: Date.parse(createdAt), endedAt: null })
    } else if (type === 'stage_finished') {
      const last = runs.findLast(({ stage }) => stage === stageIndex)
      if (last) last.endedAt = Date.parse(createdAt)
    }
  }
  for (const { stageIndex, run, at } of entries) {
    if (runs.some((one) => one.stage === stageIndex && one.run === run)) continue
    const made = { stage: stageIndex, run, startedAt: null, endedAt: null }
    const behind = runs.findIndex(
      ({ startedAt }) => startedAt !== null && startedAt > Date.parse(at),
    )
    runs.splice(behind === -1 ? runs.length : behind, 0, made)
  }
  return runs
}

function stageRow({ stage, run, startedAt, endedAt }: Run, isSilent: boolean): Row {
  const milliseconds = startedAt !== null && endedAt !== null ? endedAt - startedAt : null
  return { is: 'stage', key: `s${stage}-${run}`, stage, milliseconds, isSilent }
}

type TimedEntry = { entry: Entry; milliseconds: number | null }

function addDurations(entries: Entry[], run: Run): TimedEntry[] {
  return entries.map((entry, place) => {
    if (entry.state) return { entry, milliseconds: actionDuration(entry) }
    const before = entries[place - 1]
    const since = before ? Date.parse(before.finishedAt ?? before.at) : run.startedAt
    const milliseconds = since === null ? null : Math.max(0, Date.parse(entry.at) - since)
    return { entry, milliseconds }
  })
}

function actionDuration({ startedAt, finishedAt }: Entry): number | null {
  return finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : null
}

/** Muster's own tools have separate entries for their effects, so the call itself is a
 *  duplicate. */
function isDuplicate({ kind, data }: Entry): boolean {
  return kind === 'tool' && isMusterTool(textIn(data, 'tool') ?? '')
}

function matchesText({ title, text }: Entry, wanted: string): boolean {
  return (
    wanted === '' || title.toLowerCase().includes(wanted) || text.toLowerCase().includes(wanted)
  )
}

function foldTools(matching: TimedEntry[]): Row[] {
  const rows: Row[] = []
  for (const { entry, milliseconds } of matching) {
    const last = rows.at(-1)
    if (entry.kind !== 'tool' || entry.data.failed || entry.state === 'running') {
      rows.push({ is: 'entry', key: `e${entry.number}`, entry, milliseconds })
    } else if (last?.is === 'tools') {
      last.entries.push(entry)
      last.milliseconds = addNullable(last.milliseconds, milliseconds)
    } else {
      rows.push({ is: 'tools', key: `e${entry.number}`, entries: [entry], milliseconds })
    }
  }
  return rows
}

function addNullable(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other
}

export type ToolUse = 'read' | 'searched' | 'web' | 'planned' | 'other'

const TOOL_USES: [ToolUse, RegExp][] = [
  ['web', /web|fetch|browser/i],
  ['read', /^(read|view|cat|open)|read_?(many_?)?files?|notebookread/i],
  ['searched', /grep|glob|search|find|^ls$|^list/i],
  ['planned', /todo|plan/i],
]

/** Counts tool calls by purpose, in the order of first use. */
export function countToolUses(entries: readonly Entry[]): [ToolUse, number][] {
  const counts = new Map<ToolUse, number>()
  for (const { data } of entries) {
    const tool = textIn(data, 'tool') ?? ''
    const used = TOOL_USES.find(([, names]) => names.test(tool))?.[0] ?? 'other'
    counts.set(used, (counts.get(used) ?? 0) + 1)
  }
  return [...counts]
}

/** Finds the event that answered the question `entry`. */
export function findAnswer<E extends Event>(entry: Entry, events: readonly E[]): E | undefined {
  const asked = Date.parse(entry.at)
  return events.find(
    ({ type, attempt, data, createdAt }) =>
      type === 'confirmed' &&
      attempt === entry.attempt &&
      Number(data.number) > 0 &&
      !('budget' in data) &&
      Date.parse(createdAt) >= asked,
  )
}
