/** Explains a task's status: a sentence, and the next action. The current time and the texts are
 *  arguments. Pure. */
import type { Schemas } from '../../api/client'
import type { gate as GateWords } from '../../i18n/en/gate'
import type { statusText as Words } from '../../i18n/en/statusText'
import { agentName } from '../format/agentNames'
import { revealInvisible } from '../format/invisibleChars'
import { formatList } from '../format/sentences'
import { formatDuration, formatRoughDuration, formatTime, type Units } from '../format/times'
import { activityText } from './activity'
import { answerText, answerWithComment, endsTask } from './answers'
import { isInTerminal } from './displayStatus'

type Task = Schemas['TaskDetail']
type Block = Schemas['Block']
type Gate = Pick<Schemas['PendingGate'], 'kind' | 'stageName' | 'requestedAt' | 'branch'>
export type StatusText = { summary: string; detail: string }

export type StatusTextContext = {
  words: typeof Words
  gateWords: typeof GateWords
  units: Units
  locale: string
  /** In milliseconds. */
  now: number
  gate?: Gate | null | undefined
}

/** Explains the status. Names of branches, machines and stages, and machines' messages, are
 *  untrusted: `revealInvisible`. */
export function statusText(task: Task, around: StatusTextContext): StatusText {
  const { summary, detail } = rawStatusText(task, around)
  return { summary: revealInvisible(summary), detail: revealInvisible(detail) }
}

/** Returns who answered the question of the current stage, or the round's last one once the task has
 *  ended; empty if no one has. */
export function lastAnswerText(task: Task, gateWords: typeof GateWords): string {
  const { lastAnswer: answer } = task
  const isOld = answer !== null && answer.stageIndex !== task.currentStageIndex
  const isEnded = ['completed', 'failed', 'cancelled'].includes(task.status)
  return answer === null || (isOld && !isEnded) ? '' : answerWithComment(answer, gateWords)
}

function rawStatusText(task: Task, around: StatusTextContext): StatusText {
  switch (task.status) {
    case 'queued':
      return queuedText(task, around)
    case 'assigned':
    case 'running':
      return activeText(task, around)
    case 'suspended':
      return suspendedText(task, around)
    default:
      return finishedText(task, around)
  }
}

function queuedText(task: Task, around: StatusTextContext): StatusText {
  const { words } = around
  const aside = nextActionText(task, around)
  switch (task.waitingFor?.reason) {
    case 'gate':
      return questionText(task, around)
    case 'predecessor':
      return { summary: words.predecessor, detail: aside }
    case 'quota':
      return { summary: words.quota(agentName(task.agentType)), detail: aside }
    case 'dispatcher':
      return { summary: words.dispatcher, detail: words.byItself }
  }
  const place = task.queue?.position ?? 1
  const blocked = blockedText(task, around)
  if (blocked) return { summary: blocked, detail: words.place(place) }
  return { summary: place === 1 ? words.next : words.place(place), detail: '' }
}

/** Returns one sentence that lists, for each rule, the machines it blocks; empty if there are
 *  none. */
function blockedText(task: Task, around: StatusTextContext): string {
  const { words, locale } = around
  const byReason = new Map<string, [Block, ...Block[]]>()
  for (const block of task.queue?.blockedBy ?? []) {
    const key = `${block.reason} ${block.detail ?? ''}`
    const [first, ...others] = byReason.get(key) ?? []
    byReason.set(key, first ? [first, ...others, block] : [block])
  }
  return [...byReason.values()]
    .sort((few, many) => many.length - few.length)
    .map((blocks) => {
      const [{ reason, detail }, ...others] = blocks
      const format = words.blocked[reason] ?? words.blockedOther
      const names = blocks.map(({ machineName }) => machineName)
      const machines = listNames(names, words.others, locale)
      const text = format(machines, names.length, agentName(task.agentType))
      const why = detail ? (words.ill[detail] ?? detail) : ''
      const because = why || (others.length === 0 && measureText(blocks[0], around))
      return because ? words.because(text, because) : text
    })
    .reduce((all, one) => (all ? words.and(all, one) : one), '')
}

/** Returns the number that keeps a machine from a task, its limit, and since when; empty if there
 *  is none. */
function measureText(
  { measure, since }: Pick<Block, 'measure' | 'since'>,
  { words, units, now }: Pick<StatusTextContext, 'words' | 'units' | 'now'>,
): string {
  if (!measure) return ''
  const { kind, value, limit } = measure
  if (kind === 'slots') return words.slotsUsed(value, limit)
  const load = words.load(formatLoad(measure), limit)
  return since ? words.lasting(load, formatRoughDuration(now - Date.parse(since), units)) : load
}

/** Returns the load in whole percent, or exactly if it would seem not to be above its limit. */
export function formatLoad({ value, limit }: Pick<Schemas['Measure'], 'value' | 'limit'>): number {
  const rounded = Math.round(value)
  return rounded > limit ? rounded : value
}

const MAX_NAMED = 3

function listNames(names: string[], others: (n: number) => string, locale: string): string {
  const named =
    names.length <= MAX_NAMED + 1
      ? names
      : [...names.slice(0, MAX_NAMED), others(names.length - MAX_NAMED)]
  return formatList(named, locale)
}

function activeText(task: Task, around: StatusTextContext): StatusText {
  const { words, units, now } = around
  const machine = task.machineName ?? words.aMachine
  if (task.waitingFor?.reason === 'slot') return { summary: words.slot(machine), detail: '' }
  if (task.waitingFor?.reason === 'machine') return awayText(task, around)
  if (isInTerminal(task)) return { summary: words.inTerminal, detail: '' }
  const duration = task.startedAt
    ? words.inAll(formatDuration(now - Date.parse(task.startedAt), units))
    : ''
  const inAll = joinTexts([duration, lastAnswerText(task, around.gateWords)], words)
  if (task.status === 'assigned') {
    const summary = task.startedAt ? words.resumes(machine) : words.prepares(machine)
    return { summary, detail: inAll }
  }
  const stage = task.pipeline[task.currentStageIndex]
  const summary = stage ? words.runs(stage.name, machine) : words.publishes(machine)
  return { summary, detail: joinTexts([activityText(task.activity, around), inAll], words) }
}

function suspendedText(task: Task, around: StatusTextContext): StatusText {
  const { words } = around
  const aside = nextActionText(task, around)
  if (task.suspendReason === 'machine_lost') return awayText(task, around)
  if (task.suspendReason === 'quota') {
    return { summary: words.quota(agentName(task.agentType)), detail: aside || words.byItself }
  }
  return questionText(task, around)
}

/** Explains a task whose machine doesn't respond: by when it moves, and whether it can. */
function awayText(task: Task, around: StatusTextContext): StatusText {
  const { words } = around
  const moves = task.waitingFor?.nextAction === 'requeue' && task.relocation
  const detail = [
    nextActionText(task, around),
    moves ? words.otherMachines(moves.machineCount) : '',
  ]
  return {
    summary: words.machineAway(task.machineName ?? words.aMachine),
    detail: joinTexts(detail, words),
  }
}

/** Explains a task that waits for a person. */
function questionText(task: Task, around: StatusTextContext): StatusText {
  const { words, gate } = around
  const agent = agentName(task.agentType)
  const stage = task.pipeline[task.currentStageIndex]?.name
  const aside = nextActionText(task, around)
  const kept = task.suspendReason === 'question' && task.machineName
  const also = aside || (kept ? words.keepsSlot(kept) : '')
  if (gate) return { summary: gateText(gate, task, around), detail: also }
  if (task.suspendReason === 'question') return { summary: words.agentAsked(agent), detail: also }
  if (task.suspendReason === 'budget') return { summary: words.spent, detail: aside }
  if (task.suspendReason !== 'gate') return { summary: words.asked, detail: aside }
  return { summary: stage ? words.askedBefore(stage) : words.moved(task.taskBranch), detail: aside }
}

function gateText(gate: Gate, task: Task, { words, units, now }: StatusTextContext): string {
  const ago = formatRoughDuration(now - Date.parse(gate.requestedAt), units)
  switch (gate.kind) {
    case 'question':
      return words.gate.question(agentName(task.agentType), ago)
    case 'permission':
      return words.gate.permission(agentName(task.agentType), ago)
    case 'budget':
      return words.gate.budget(ago)
    case 'branch':
      return words.gate.branch(gate.branch?.name ?? task.taskBranch, ago)
    default:
      return words.gate[gate.kind](gate.stageName, ago)
  }
}

function finishedText(task: Task, around: StatusTextContext): StatusText {
  const { words, units, now } = around
  const ago = formatRoughDuration(now - Date.parse(task.finishedAt ?? task.updatedAt), units)
  const further =
    task.followUpsQueued > 0 ? words.waitingFollowUps(task.followUpsQueued) : durationText()
  if (task.lastAnswer && endsTask(task.lastAnswer)) return endedText(task.lastAnswer, around, ago)
  const aside = joinTexts([further, lastAnswerText(task, around.gateWords)], words)
  if (task.status === 'cancelled') return { summary: words.cancelled(ago), detail: aside }
  if (task.status === 'failed') return failedText(task, around, ago)
  if (task.result?.changed === false) return { summary: words.unchanged(ago), detail: aside }
  const branch = task.result?.branch
  const summary = branch ? words.completed(branch, ago) : words.completedKept(ago)
  return { summary, detail: aside }

  function durationText(): string {
    if (!task.startedAt || !task.finishedAt) return ''
    return words.took(
      formatDuration(Date.parse(task.finishedAt) - Date.parse(task.startedAt), units),
    )
  }
}

/** Explains a task that an answer has ended: who gave it, and why. */
function endedText(
  answer: Schemas['LastAnswer'],
  { words, gateWords }: StatusTextContext,
  ago: string,
): StatusText {
  const summary = words.endedBy(answerText(answer, gateWords), ago)
  return { summary, detail: answer.comment?.trim() ?? '' }
}

function joinTexts(texts: string[], words: typeof Words): string {
  return texts.filter(Boolean).reduce((all, one) => (all ? words.and(all, one) : one), '')
}

function failedText(task: Task, { words }: StatusTextContext, ago: string): StatusText {
  const { code = '', message = '', stageIndex = null } = task.failure ?? {}
  const stage = task.pipeline[stageIndex ?? -1]?.name ?? words.aStage
  const text = failureText(code, stage, agentName(task.agentType), words)
  return { summary: words.failed(text, ago), detail: message }
}

/** Returns why a task failed, by the failure's code. */
export function failureText(code: string, stage: string, agent: string, words: typeof Words) {
  return words.failures[code]?.(stage, agent) ?? words.failedOther(code)
}

/** Returns the next automatic action and its time; empty if there is none. */
function nextActionText(task: Task, around: StatusTextContext): string {
  const { words, units, locale, now, gate } = around
  const { nextAction, at, reason } = task.waitingFor ?? {}
  if (!nextAction || !at) return ''
  const left = Date.parse(at) - now
  const clock = formatTime(new Date(at), locale, new Date(now))
  const isCountedDown = reason === 'machine' && left > 0
  const time = isCountedDown ? words.countdown(clock, formatDuration(left, units)) : clock
  if (nextAction === 'resume' && gate?.kind === 'permission') return words.at.denied(time)
  if (nextAction === 'resume' && reason === 'gate') {
    return words.at.answered(agentName(task.agentType), time)
  }
  return words.at[nextAction](time)
}
