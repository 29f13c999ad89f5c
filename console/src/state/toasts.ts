import { asProblem } from '../api/problem'
import { problemText } from '../api/problemText'
import { strings } from '../i18n'

export type ToastMessage = { line: string; action?: { name: string; do: () => void } | undefined }

const waiting: ToastMessage[] = []
const listeners = new Set<() => void>()
let hasQueued = false

/** One line, at most one act, gone after 6 s; never the only place where something is told. */
export function showToast(line: string, act?: ToastMessage['action']): void {
  waiting.push({ line, action: act })
  hasQueued = true
  for (const listener of listeners) listener()
}

export function onToast(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Whether anything was said yet: what draws toasts is loaded with the first. */
export function hasToasts(): boolean {
  return hasQueued
}

/** What was said and not shown yet, which is then shown by the one who asks. */
export function dequeueToasts(): ToastMessage[] {
  return waiting.splice(0)
}

/** What was done can be undone for as long as the toast is there. */
export function showUndoToast(line: string, undo: () => void): void {
  showToast(line, { name: strings.common.undo, do: undo })
}

export function showErrorToast(error: unknown): void {
  const problem = asProblem(error)
  const { code, detail } = problem
  if (code === 'shown_as_curl') copyCurlCommand(detail)
  else showToast(code === 'unreachable' ? strings.common.unreachable : problemText(problem))
}

/** A line of curl, copied. */
export function copyCurlCommand(line: string): void {
  void navigator.clipboard.writeText(line)
  showToast(`${strings.common.copied}: ${line}`)
}
