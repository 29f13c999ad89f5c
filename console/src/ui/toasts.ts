import { Toast } from '@base-ui/react/toast'
import { asProblem } from '../api/problem'
import { words } from '../words'

const SHOWN_MILLISECONDS = 6000

/** One line, at most one act, gone after 6 s; never the only place where something is told. */
export const toasts = Toast.createToastManager()

export function say(line: string, act?: { name: string; do: () => void }): void {
  const actionProps = act && { children: act.name, onClick: act.do }
  toasts.add({ description: line, timeout: SHOWN_MILLISECONDS, actionProps })
}

/** What was done can be undone for as long as the toast is there. */
export function sayUndoable(line: string, undo: () => void): void {
  say(line, { name: words.common.undo, do: undo })
}

export function sayBroken(error: unknown): void {
  const { code, detail } = asProblem(error)
  if (code === 'shown_as_curl') sayCurl(detail)
  else say(code === 'unreachable' ? words.common.unreachable : detail)
}

/** A line of curl, copied. */
export function sayCurl(line: string): void {
  void navigator.clipboard.writeText(line)
  say(`${words.common.copied}: ${line}`)
}
