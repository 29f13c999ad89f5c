/** Why a task stands where it stands: a sentence, and what happens by itself. Pure: now, the words
 *  and the machines' names are given. */
import type { Schemas } from '../api/client'
import type { why as Words } from '../words/en/why'
import { agentName } from './agents'
import { seen } from './seen'
import { about, clock, duration, type Units } from './times'

type Task = Schemas['TaskDetail']
type Gate = Pick<Schemas['PendingGate'], 'kind' | 'stageName' | 'requestedAt' | 'branch'>
export type Why = { says: string; aside: string }

export type Around = {
  words: typeof Words
  units: Units
  locale: string
  /** Milliseconds. */
  now: number
  gate?: Gate | null | undefined
  /** By id; a machine that is not there is told by the beginning of its id. */
  machineNames?: ReadonlyMap<string, string>
}

/** Names of branches, machines and stages, and what machines tell, are from outside: as `seen`. */
export function why(task: Task, around: Around): Why {
  const { says, aside } = told(task, around)
  return { says: seen(says), aside: seen(aside) }
}

function told(task: Task, around: Around): Why {
  switch (task.status) {
    case 'queued':
      return queued(task, around)
    case 'assigned':
    case 'running':
      return atWork(task, around)
    case 'suspended':
      return suspended(task, around)
    default:
      return ended(task, around)
  }
}

function queued(task: Task, around: Around): Why {
  const { words } = around
  const aside = byItself(task, around)
  switch (task.waitsFor?.reason) {
    case 'gate':
      return asked(task, around)
    case 'predecessor':
      return { says: words.predecessor, aside }
    case 'quota':
      return { says: words.quota(agentName(task.agentType)), aside }
    case 'dispatcher':
      return { says: words.dispatcher, aside: words.byItself }
  }
  const place = task.queue?.position ?? 1
  const blocked = blocks(task, around)
  if (blocked) return { says: blocked, aside: words.place(place) }
  return { says: place === 1 ? words.next : words.place(place), aside: '' }
}

/** For each rule the machines that it keeps from the task, in one sentence; empty where none does. */
function blocks(task: Task, { words, machineNames, locale }: Around): string {
  const byReason = new Map<string, { reason: string; says: string; names: string[] }>()
  for (const { reason, machineId, says } of task.queue?.blockedBy ?? []) {
    const name = machineNames?.get(machineId) ?? machineId.slice(0, 8)
    const key = `${reason} ${says ?? ''}`
    const same = byReason.get(key) ?? { reason, says: says ?? '', names: [] }
    byReason.set(key, { ...same, names: [...same.names, name] })
  }
  return [...byReason.values()]
    .sort((few, many) => many.names.length - few.names.length)
    .map(({ reason, says, names }) => {
      const say = words.blocked[reason] ?? words.blockedOther
      const machines = listed(names, words.others, locale)
      const told = say(machines, names.length, agentName(task.agentType))
      return says ? words.because(told, words.ill[says] ?? says) : told
    })
    .reduce((all, one) => (all ? words.and(all, one) : one), '')
}

const NAMED = 3

function listed(names: string[], others: (n: number) => string, locale: string): string {
  const shown =
    names.length <= NAMED + 1 ? names : [...names.slice(0, NAMED), others(names.length - NAMED)]
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(shown)
}

function atWork(task: Task, around: Around): Why {
  const { words, units, now } = around
  const machine = task.machineName ?? words.aMachine
  const aside = byItself(task, around)
  if (task.waitsFor?.reason === 'slot') return { says: words.slot(machine), aside: '' }
  if (task.waitsFor?.reason === 'machine') return { says: words.machineAway(machine), aside }
  const inAll = task.startedAt ? words.inAll(duration(now - Date.parse(task.startedAt), units)) : ''
  if (task.status === 'assigned') {
    const says = task.startedAt ? words.resumes(machine) : words.prepares(machine)
    return { says, aside: inAll }
  }
  const stage = task.pipeline[task.currentStageIndex]
  const says = stage ? words.runs(stage.name, machine) : words.publishes(machine)
  return { says, aside: inAll }
}

function suspended(task: Task, around: Around): Why {
  const { words } = around
  const aside = byItself(task, around)
  if (task.suspendReason === 'machine_lost') {
    return { says: words.machineAway(task.machineName ?? words.aMachine), aside }
  }
  if (task.suspendReason === 'quota') {
    return { says: words.quota(agentName(task.agentType)), aside: aside || words.byItself }
  }
  return asked(task, around)
}

/** A person is asked. */
function asked(task: Task, around: Around): Why {
  const { words, gate } = around
  const agent = agentName(task.agentType)
  const stage = task.pipeline[task.currentStageIndex]?.name
  const aside = byItself(task, around)
  const kept = task.suspendReason === 'question' && task.machineName
  const also = aside || (kept ? words.keepsSlot(kept) : '')
  if (gate) return { says: saidOf(gate, task, around), aside: also }
  if (task.suspendReason === 'question') return { says: words.agentAsked(agent), aside: also }
  if (task.suspendReason === 'budget') return { says: words.spent, aside }
  if (task.suspendReason !== 'gate') return { says: words.asked, aside }
  return { says: stage ? words.askedBefore(stage) : words.moved(task.taskBranch), aside }
}

function saidOf(gate: Gate, task: Task, { words, units, now }: Around): string {
  const ago = about(now - Date.parse(gate.requestedAt), units)
  switch (gate.kind) {
    case 'question':
      return words.gate.question(agentName(task.agentType), ago)
    case 'budget':
      return words.gate.budget(ago)
    case 'branch':
      return words.gate.branch(gate.branch?.name ?? task.taskBranch, ago)
    default:
      return words.gate[gate.kind](gate.stageName, ago)
  }
}

function ended(task: Task, around: Around): Why {
  const { words, units, now } = around
  const ago = about(now - Date.parse(task.finishedAt ?? task.updatedAt), units)
  const aside = task.followUpsQueued > 0 ? words.waitingFollowUps(task.followUpsQueued) : took()
  if (task.status === 'cancelled') return { says: words.cancelled(ago), aside }
  if (task.status === 'failed') return failed(task, around, ago)
  if (task.result?.changed === false) return { says: words.unchanged(ago), aside }
  const branch = task.result?.branch
  const says = branch ? words.completed(branch, ago) : words.completedKept(ago)
  return { says, aside }

  function took(): string {
    if (!task.startedAt || !task.finishedAt) return ''
    return words.took(duration(Date.parse(task.finishedAt) - Date.parse(task.startedAt), units))
  }
}

function failed(task: Task, { words }: Around, ago: string): Why {
  const { code = '', message = '', stageIndex = null } = task.failure ?? {}
  const stage = task.pipeline[stageIndex ?? -1]?.name ?? words.aStage
  const say = words.failures[code]
  const said = say ? say(stage, agentName(task.agentType)) : words.failedOther(code)
  return { says: words.failed(said, ago), aside: message }
}

/** What happens by itself, and when; empty where nothing does. */
function byItself(task: Task, { words, locale, now }: Around): string {
  const { nextAct, at, reason } = task.waitsFor ?? {}
  if (!nextAct || !at) return ''
  const time = clock(new Date(at), locale, new Date(now))
  if (nextAct === 'resume' && reason === 'gate') {
    return words.at.answered(agentName(task.agentType), time)
  }
  return words.at[nextAct](time)
}
