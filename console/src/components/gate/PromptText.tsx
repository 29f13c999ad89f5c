import type { PendingGate } from '../../queries/gates'
import { InlineCode } from '../markdown/InlineCode'
import { firstLineOf, questionOf } from './questionText'

/** A question in a list or a line. A permission request is shown exactly as it is. */
export function PromptText({ gate, isLine = false }: { gate: PendingGate; isLine?: boolean }) {
  const text = isLine ? firstLineOf(gate) : questionOf(gate)
  return gate.permission ? text : <InlineCode text={text} />
}
