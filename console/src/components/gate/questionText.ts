import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import type { PendingGate } from '../../queries/gates'

export function questionOf({ kind, prompt, stageName, permission }: PendingGate): string {
  if (permission) return revealInvisible(permission.title)
  // What the server's prompt says of these is displayed below.
  const own = strings.gate.questions[kind]
  if (own) return own
  if (prompt) return revealInvisible(prompt)
  if (kind === 'confirm' || kind === 'choose' || kind === 'input') {
    return strings.gate.before[kind](stageName)
  }
  return ''
}

export function firstLineOf(gate: PendingGate): string {
  return questionOf(gate).trim().split('\n', 1)[0] ?? ''
}
