/** The answer buttons of a question; none if it requires a text. */

import { strings } from '../../i18n'
import type { GateResponse, PendingGate } from '../../queries/gates'

/** How an answer ends the task. */
export type Ending = 'reject' | 'stop' | 'end'

export type Option = {
  result: string
  name: string
  why?: string
  isBad?: boolean
  /** It ends the task: asks first, and has no key. */
  ending?: Ending
  isMain?: boolean
}

export type Send = (answer: GateResponse) => void

export function optionsOf({ kind, choices }: Pick<PendingGate, 'kind' | 'choices'>): Option[] {
  if (kind === 'confirm') {
    return [
      { result: 'confirm', name: strings.gate.confirm },
      { result: 'reject', name: strings.gate.reject, isBad: true, ending: 'reject' },
    ]
  }
  if (kind === 'input') return []
  if (kind === 'checkpoint') return choices.map(checkpointOption)
  return choices.map((result) =>
    kind === 'branch' ? branchOption(result) : { result, name: result },
  )
}

function checkpointOption(result: string): Option {
  const { resume, resumeWhy, end, endWhy } = strings.gate
  if (result === 'resume') return { result, name: resume, why: resumeWhy, isMain: true }
  return result === 'end'
    ? { result, name: end, why: endWhy, isBad: true, ending: 'end' }
    : { result, name: result }
}

function branchOption(result: string): Option {
  const { overwrite, overwriteWhy, keep, keepWhy, try_again, tryAgainWhy } = strings.gate
  if (result === 'overwrite') return { result, name: overwrite, why: overwriteWhy, isBad: true }
  if (result === 'keep') return { result, name: keep, why: keepWhy }
  return result === 'try_again'
    ? { result, name: try_again, why: tryAgainWhy }
    : { result, name: result }
}
