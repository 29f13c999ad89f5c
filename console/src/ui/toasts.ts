import { asProblem } from '../api/problem'
import { words } from '../words'
import { detailOf } from './detail'

export type Said = { line: string; act?: { name: string; do: () => void } | undefined }

const waiting: Said[] = []
const listeners = new Set<() => void>()
let hasSaid = false

/** One line, at most one act, gone after 6 s; never the only place where something is told. */
export function say(line: string, act?: Said['act']): void {
  waiting.push({ line, act })
  hasSaid = true
  for (const listener of listeners) listener()
}

export function onSaid(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Whether anything was said yet: what draws toasts is loaded with the first. */
export function anySaid(): boolean {
  return hasSaid
}

/** What was said and not shown yet, which is then shown by the one who asks. */
export function taken(): Said[] {
  return waiting.splice(0)
}

/** What was done can be undone for as long as the toast is there. */
export function sayUndoable(line: string, undo: () => void): void {
  say(line, { name: words.common.undo, do: undo })
}

export function sayBroken(error: unknown): void {
  const problem = asProblem(error)
  const { code, detail } = problem
  if (code === 'shown_as_curl') sayCurl(detail)
  else say(code === 'unreachable' ? words.common.unreachable : detailOf(problem))
}

/** A line of curl, copied. */
export function sayCurl(line: string): void {
  void navigator.clipboard.writeText(line)
  say(`${words.common.copied}: ${line}`)
}
