/** What a row says of its task: what it does now, or why it waits; and how far its stages are. */
import type { Schemas } from '../../api/client'
import { agentName } from '../../lib/agents'
import { type Look, lookOf } from '../../lib/status'
import type { Row } from '../../lib/taskRows'
import { type Around, why } from '../../lib/why'
import type { tasks as Words } from '../../words/en/tasks'

export type Said = Omit<Around, 'gate' | 'machineNames'> & { of: typeof Words }

/** One line. */
export function reasonOf(row: Row, said: Said): string {
  if (row.status === 'queued' && row.waitsFor === null) return inLine(row, said)
  const { says, aside } = why(asDetail(row), { ...said, gate: gateOf(row) })
  const shown = ['completed', 'cancelled', 'running'].includes(row.status) ? '' : aside
  return shown ? said.words.and(says, shown) : says
}

/** "2nd in line; heron, tern and osprey have no free slot". */
function inLine({ position, keptBy, agentType }: Row, { words, of, locale }: Said): string {
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })
  const kept = keptBy
    .toSorted((few, many) => many.count - few.count)
    .map(({ reason, count, machines }) => {
      const others = count - machines.length
      const names = others > 0 ? [...machines, words.others(others)] : machines
      return (words.blocked[reason] ?? words.blockedOther)(
        list.format(names),
        count,
        agentName(agentType),
      )
    })
  const place = position === null ? of.farBehind : of.inLine(position)
  if (kept.length === 0) return position === 1 ? words.next : place
  return kept.reduce((all, one) => words.and(all, one), place)
}

function gateOf({ question, stages }: Row): Around['gate'] {
  if (!question) return null
  const stageName = stages[question.stageIndex]?.name ?? ''
  return { ...question, stageName, branch: null } as NonNullable<Around['gate']>
}

/** A row has what `why` looks at, but for the stages' other half. */
function asDetail(row: Row): Schemas['TaskDetail'] {
  return { ...row, pipeline: row.stages, queue: null } as unknown as Schemas['TaskDetail']
}

/** Whether it asks this person, another one, or nobody. */
export function shownLook(row: Row): { look: Look; isMine: boolean } {
  const look = row.status === 'queued' && row.question ? 'needs' : lookOf(row)
  return { look, isMine: row.may.includes('answer') }
}

export type Step = '' | 'y' | 'n' | 'q' | 'w' | 'e'

/** For each stage the class of its bar: done, now, asking, waiting, failed, to come. */
export function stepsOf(row: Row): Step[] {
  const { look } = shownLook(row)
  return row.stages.map((_, place): Step => {
    if (row.status === 'completed' || place < row.currentStageIndex) return 'y'
    if (place > row.currentStageIndex) return ''
    const now: Partial<Record<Look, Step>> = { running: 'n', needs: 'q', waits: 'w', failed: 'e' }
    return now[look] ?? ''
  })
}
