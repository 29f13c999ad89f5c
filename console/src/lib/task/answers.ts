/** Answers to a task's questions, as text: who answered, how, and with what comment. The texts are an
 *  argument. Pure. */
import type { Schemas } from '../../api/client'
import type { gate as Words } from '../../i18n/en/gate'
import { revealInvisible } from '../format/invisibleChars'
import { textIn } from './entryData'

export type Answer = Pick<Schemas['LastAnswer'], 'kind' | 'result' | 'comment' | 'answeredBy'>
type Kind = Answer['kind']

/** The answers that end a task, by the kind of its question. */
const ENDING_RESULTS: Partial<Record<Kind, string>> = {
  confirm: 'reject',
  checkpoint: 'end',
  budget: 'stop',
}

export function endsTask({ kind, result }: { kind: Kind; result: string }): boolean {
  return ENDING_RESULTS[kind] === result.trim().toLowerCase()
}

export function isRejection(answer: Answer | null | undefined): boolean {
  return answer?.kind === 'confirm' && endsTask(answer)
}

/** Returns, for example, "mei approved". Without the comment. */
export function answerText(answer: Answer, words: typeof Words): string {
  const { name } = answer.answeredBy
  if (answer.kind === 'confirm') {
    return endsTask(answer) ? words.rejectedBy(name) : words.approvedBy(name)
  }
  if (answer.kind === 'budget') {
    return endsTask(answer) ? words.stoppedBy(name) : words.raisedBy(name)
  }
  if (answer.kind === 'permission') {
    const format = words.permissionResults[answer.result]
    if (format) return format(name)
  }
  const result = words.results[answer.result] ?? answer.result
  return words.answered(name, revealInvisible(result))
}

/** Returns the same with the comment, if there is one. */
export function answerWithComment(answer: Answer, words: typeof Words): string {
  const text = answerText(answer, words)
  const comment = answer.comment?.trim()
  return comment ? words.withComment(text, revealInvisible(comment)) : text
}

/** Returns the answer in a `confirmed` event to the question before a stage; null for others. */
export function answerInEvent(
  { type, data }: Pick<Schemas['Event'], 'type' | 'data'>,
  kind: Kind,
): Answer | null {
  const { answeredBy } = data
  if (type !== 'confirmed' || !answeredBy) return null
  const comment = textIn(data, 'comment') ?? null
  return { kind, result: textIn(data, 'result') ?? '', comment, answeredBy }
}
