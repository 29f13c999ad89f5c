import { asProblem } from '../api/problem'
import { problemText } from '../api/problemText'
import { strings } from '../i18n'

export type ToastMessage = { line: string; action?: { name: string; do: () => void } | undefined }

const waiting: ToastMessage[] = []
const listeners = new Set<() => void>()
let hasQueued = false

/** Shows a toast: one line, at most one action, for 6 s. Never the only place with a piece of
 *  information. */
export function showToast(line: string, act?: ToastMessage['action']): void {
  waiting.push({ line, action: act })
  hasQueued = true
  for (const listener of listeners) listener()
}

export function onToast(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Whether there was any toast yet: the component that renders toasts is loaded with the first. */
export function hasToasts(): boolean {
  return hasQueued
}

/** Returns the toasts not yet displayed; the caller displays them. */
export function dequeueToasts(): ToastMessage[] {
  return waiting.splice(0)
}

/** Shows a toast whose action undoes the change. */
export function showUndoToast(line: string, undo: () => void): void {
  showToast(line, { name: strings.common.undo, do: undo })
}

export function showErrorToast(error: unknown): void {
  const problem = asProblem(error)
  const { code, detail } = problem
  if (code === 'shown_as_curl') copyCurlCommand(detail)
  else showToast(code === 'unreachable' ? strings.common.unreachable : problemText(problem))
}

/** Copies a curl command, and shows it. */
export function copyCurlCommand(line: string): void {
  void navigator.clipboard.writeText(line)
  showToast(`${strings.common.copied}${strings.common.separators.colon}${line}`)
}
