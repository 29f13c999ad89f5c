/** The text and status of a task's row: what the task does, or why it waits, and its progress. */
import type { Schemas } from '../../api/client'
import type { tasks as Words } from '../../i18n/en/tasks'
import { agentName } from '../../lib/format/agentNames'
import { formatList } from '../../lib/format/sentences'
import { activityText } from '../../lib/task/activity'
import { endsTask } from '../../lib/task/answers'
import { type DisplayStatus, displayStatus } from '../../lib/task/displayStatus'
import { lastAnswerText, type StatusTextContext, statusText } from '../../lib/task/statusText'
import type { Row } from '../../lib/task/tableRows'

export type RowTextContext = Omit<StatusTextContext, 'gate'> & { of: typeof Words }

/** Returns the status as one line. */
export function rowStatusText(row: Row, around: RowTextContext): string {
  if (row.status === 'queued' && row.waitingFor === null) return queuedText(row, around)
  const task = toTaskDetail(row)
  const { summary, detail } = statusText(task, { ...around, gate: gateOf(row) })
  const aside = endsByAnswer(row)
    ? detail
    : ['completed', 'cancelled', 'assigned', 'running'].includes(row.status)
      ? activityText(row.activity, around) || lastAnswerText(task, around.gateWords)
      : detail
  return aside ? around.words.and(summary, aside) : summary
}

function endsByAnswer({ status, lastAnswer }: Row): boolean {
  return status === 'cancelled' && lastAnswer !== null && endsTask(lastAnswer)
}

/** Returns, for example, "2nd in line; heron, tern, and osprey have no free slot". */
function queuedText(
  { position, blockers, agentType }: Row,
  { words, of, locale }: RowTextContext,
): string {
  const blocked = blockers
    .toSorted((few, many) => many.count - few.count)
    .map(({ reason, count, machines }) => {
      const others = count - machines.length
      const names = others > 0 ? [...machines, words.others(others)] : machines
      return (words.blocked[reason] ?? words.blockedOther)(
        formatList(names, locale),
        count,
        agentName(agentType),
      )
    })
  const place = position === null ? of.farBehind : of.inLine(position)
  if (blocked.length === 0) return position === 1 ? words.next : place
  return blocked.reduce((all, one) => words.and(all, one), place)
}

function gateOf({ question, stages }: Row): StatusTextContext['gate'] {
  if (!question) return null
  const stageName = stages[question.stageIndex]?.name ?? ''
  return { ...question, stageName, branch: null } as NonNullable<StatusTextContext['gate']>
}

/** Adapts a row for `statusText`, which needs none of the stage fields that rows lack. */
function toTaskDetail(row: Row): Schemas['TaskDetail'] {
  return {
    ...row,
    pipeline: row.stages,
    queue: null,
    relocation: null,
  } as unknown as Schemas['TaskDetail']
}

/** Returns the display status, and whether you can answer the question (`isMine`). */
export function rowDisplayStatus(row: Row): { look: DisplayStatus; isMine: boolean } {
  return { look: displayStatus(row), isMine: row.allowedActions.includes('answer') }
}

export type StepClass = '' | 'y' | 'n' | 'q' | 'w' | 'e'

/** Returns the class of each stage's bar: done, running, asking, waiting, failed, or to come. */
export function stepClasses(row: Row): StepClass[] {
  const { look } = rowDisplayStatus(row)
  return row.stages.map((_, place): StepClass => {
    if (row.status === 'completed' || place < row.currentStageIndex) return 'y'
    if (place > row.currentStageIndex) return ''
    const now: Partial<Record<DisplayStatus, StepClass>> = {
      running: 'n',
      needs: 'q',
      waits: 'w',
      failed: 'e',
    }
    return now[look] ?? ''
  })
}
