/** What can be pressed as an answer to a question; nothing where it wants words. */
import type { PendingGate, Said } from '../../queries/gates'
import { words } from '../../words'

export type Option = {
  result: string
  name: string
  why?: string
  isBad?: boolean
  isMain?: boolean
}

export type Send = (answer: Said) => void

export function optionsOf({ kind, choices }: Pick<PendingGate, 'kind' | 'choices'>): Option[] {
  if (kind === 'confirm') {
    return [
      { result: 'confirm', name: words.gate.confirm, isMain: true },
      { result: 'reject', name: words.gate.reject, isBad: true },
    ]
  }
  if (kind === 'input') return []
  if (kind === 'checkpoint') return choices.map(ofCheckpoint)
  return choices.map((result) => (kind === 'branch' ? ofBranch(result) : { result, name: result }))
}

function ofCheckpoint(result: string): Option {
  const { resume, resumeWhy, end, endWhy } = words.gate
  if (result === 'resume') return { result, name: resume, why: resumeWhy, isMain: true }
  return result === 'end'
    ? { result, name: end, why: endWhy, isBad: true }
    : { result, name: result }
}

function ofBranch(result: string): Option {
  const { overwrite, overwriteWhy, keep, keepWhy, try_again, tryAgainWhy } = words.gate
  if (result === 'overwrite') return { result, name: overwrite, why: overwriteWhy, isBad: true }
  if (result === 'keep') return { result, name: keep, why: keepWhy }
  return result === 'try_again'
    ? { result, name: try_again, why: tryAgainWhy }
    : { result, name: result }
}
