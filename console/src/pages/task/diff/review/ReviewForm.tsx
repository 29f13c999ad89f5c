import { type KeyboardEvent, Suspense, useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { asProblem } from '../../../../api/problem'
import { Button } from '../../../../components/controls/Button'
import { EndTaskPrompt } from '../../../../components/gate/EndTaskPrompt'
import { lazyComponent } from '../../../../components/lazyComponent'
import { strings } from '../../../../i18n'
import { clearUnsavedComments, unsavedComments } from '../../../../lib/diff/unsavedComments'
import { formatModKey } from '../../../../lib/format/keyNames'
import { IdempotencyKeys } from '../../../../lib/net/idempotencyKeys'
import { gateAnswer, useAnswerGate } from '../../../../queries/gates'
import { useSubmitReview } from '../../../../queries/reviews'
import { showErrorToast, showToast } from '../../../../state/toasts'
import styles from './ReviewPanel.module.css'
import { useReview } from './reviewContext'

const DraftsDialog = lazyComponent(() => import('../../../../components/gate/DraftsDialog'))

type Verdict = Schemas['NewReview']['verdict']
type NewComment = Schemas['NewReviewComment']
type Props = {
  task: Schemas['TaskDetail']
  /** The open gate before a stage, which an approval answers. */
  gate: Schemas['PendingGate'] | null
  drafts: number
}

const LATE_REVIEW_CODES = ['already_answered', 'no_open_gate', 'wrong_stage']
/** A verdict, or the answer to the gate that ends the task. */
type Choice = Verdict | 'reject'

/** The form for your verdict, with which you also answer the open gate. Shows nothing as done before
 *  the server confirms it. The server stores no review that comes too late; its drafts stay
 *  drafts. */
export function ReviewForm({ task, gate, drafts }: Props) {
  const [body, setBody] = useState('')
  const [chosen, choose] = useState<Choice | null>(null)
  const [isEnding, end] = useState(false)
  const [isAsking, ask] = useState(false)
  // An answer is always chosen; without a gate, comments are the usual case.
  const choice = chosen ?? (gate ? null : 'comment')
  const { isBusy, send } = useReviewSubmission({ task, gate }, () => setBody(''))
  const missing = missingText(choice, drafts, body)
  const submit = () => {
    if (isBusy || missing || choice === null) return
    if (choice === 'reject') end(true)
    else if (choice === 'approve' && unsavedComments(task.id).length > 0) ask(true)
    else send(choice, body)
  }
  const approve = (comments: NewComment[]) => {
    ask(false)
    send('approve', body, comments)
  }
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
    event.preventDefault()
    submit()
  }
  return (
    <form className={`field ${styles.form}`} onSubmit={(event) => event.preventDefault()}>
      <h2>{strings.diff.yourReview}</h2>
      <SummaryField text={body} onChange={setBody} onKeyDown={press} />
      <VerdictPicker task={task} gate={gate} choice={choice} onChange={choose} />
      <Button
        variant="main"
        className={styles.whole}
        disabled={isBusy || missing !== null}
        aria-describedby={missing ? 'review-empty' : undefined}
        aria-keyshortcuts="Meta+Enter Control+Enter"
        onClick={submit}
      >
        {drafts > 0 ? strings.diff.submitWith(drafts) : strings.diff.submit}
        <kbd aria-hidden="true">{formatModKey('↵')}</kbd>
      </Button>
      {missing && (
        <p className="hint" id="review-empty">
          {missing}
        </p>
      )}
      {isAsking && (
        <UnsavedPrompt taskId={task.id} onApprove={approve} onClose={() => ask(false)} />
      )}
      {isEnding && gate && (
        <RejectDialog task={task} gate={gate} body={body} onClose={() => end(false)} />
      )}
    </form>
  )
}

function SummaryField(props: {
  text: string
  onChange: (text: string) => void
  onKeyDown: (event: KeyboardEvent) => void
}) {
  return (
    <label className="field">
      <span className="hidden">{strings.diff.summary}</span>
      <textarea
        className="input"
        id="review-summary"
        placeholder={strings.diff.summaryHint}
        value={props.text}
        maxLength={10_000}
        onChange={(event) => props.onChange(event.target.value)}
        onKeyDown={props.onKeyDown}
      />
    </label>
  )
}

/** Asks what becomes of comments that you have typed, but not added to the review. */
function UnsavedPrompt(props: {
  taskId: number
  onApprove: (comments: NewComment[]) => void
  onClose: () => void
}) {
  const [comments] = useState(() => unsavedComments(props.taskId))
  return (
    <Suspense>
      <DraftsDialog
        count={comments.length}
        isOff={false}
        onSubmit={() => props.onApprove(comments)}
        onDiscard={() => props.onApprove([])}
        onClose={props.onClose}
      />
    </Suspense>
  )
}

/** Returns what the review lacks; null if it is complete. */
function missingText(choice: Choice | null, drafts: number, body: string): string | null {
  if (choice === null) return strings.diff.choiceNeeded
  const needsText = choice === 'request_changes' || choice === 'comment'
  return needsText && drafts === 0 && body.trim() === '' ? strings.diff.summaryNeeded : null
}

function RejectDialog(props: {
  task: Props['task']
  gate: Schemas['PendingGate']
  body: string
  onClose: () => void
}) {
  const { task, gate, body, onClose } = props
  const answer = useAnswerGate(task.id)
  return (
    <EndTaskPrompt
      taskId={task.id}
      ending="reject"
      comment={body}
      isOff={answer.isPending || answer.isSuccess}
      onEnd={(comment) => answer.mutate(gateAnswer(gate, { result: 'reject', comment }))}
      onClose={onClose}
    />
  )
}

type Subject = Pick<Props, 'task' | 'gate'>

function useReviewSubmission({ task, gate }: Subject, onDone: () => void) {
  const { commit, isLatest } = useReview()
  const submit = useSubmitReview(task.id)
  // If the response is lost, the server may have stored the review: retry with the same key.
  const [once] = useState(() => new IdempotencyKeys())
  const send = (verdict: Verdict, body: string, comments: NewComment[] = []) => {
    const about = gate && { stageIndex: gate.stageIndex, number: gate.number }
    // Omit an outdated commit: it can't be approved anymore.
    const more = comments.length > 0 && { comments }
    const review = { verdict, body, ...(isLatest && { commit }), ...about, ...more }
    submit.mutate(
      { ...review, key: once.keyFor(review) },
      {
        onSuccess: (submitted) => {
          once.reset()
          if (verdict === 'approve') clearUnsavedComments(task.id)
          onDone()
          showToast(submittedText(verdict, submitted))
        },
        onError: showRefusal,
      },
    )
  }
  return { isBusy: submit.isPending, send }
}

function showRefusal(error: unknown): void {
  const { code, answeredBy } = asProblem(error)
  if (code === 'head_changed') showToast(strings.diff.headChanged)
  else if (!LATE_REVIEW_CODES.includes(code)) showErrorToast(error)
  // The drafts remain for another round.
  else showToast(strings.diff.answeredFirst(answeredBy?.name ?? strings.diff.someoneElse))
}

function VerdictPicker(
  props: Subject & { choice: Choice | null; onChange: (one: Choice) => void },
) {
  const { task, gate, choice } = props
  const { isLatest } = useReview()
  return (
    <div>
      {choicesFor(task, gate).map((one) => (
        <label key={one} className="pick">
          <input
            type="radio"
            name="verdict"
            checked={choice === one}
            disabled={one === 'approve' && !isLatest}
            onChange={() => props.onChange(one)}
          />
          <span>
            {nameOf(one)}
            <br />
            <span className="hint">{hintOf(one, task, gate, isLatest)}</span>
          </span>
        </label>
      ))}
    </div>
  )
}

function choicesFor(task: Props['task'], gate: Props['gate']): Choice[] {
  const canReject = gate !== null && task.allowedActions.includes('answer')
  const choices: Choice[] = ['approve', 'request_changes', 'comment']
  return canReject ? [...choices, 'reject'] : choices
}

function nameOf(choice: Choice): string {
  if (choice === 'reject') return strings.gate.reject
  if (choice === 'approve') return strings.diff.approve
  return choice === 'comment' ? strings.diff.commentOnly : strings.diff.requestChanges
}

function hintOf(verdict: Choice, task: Props['task'], gate: Props['gate'], isLatest: boolean) {
  if (verdict === 'reject') return strings.diff.rejectGate
  if (verdict === 'approve') {
    if (!isLatest) return strings.diff.olderCommit
    return gate ? strings.diff.approveGate : strings.diff.approveNothing
  }
  if (verdict === 'comment') return gate ? strings.diff.commentGate : strings.diff.commentNothing
  const rests = gate !== null || ['completed', 'failed', 'cancelled'].includes(task.status)
  return rests ? strings.diff.requestNow(task.round + 1) : strings.diff.requestLater
}

function submittedText(verdict: Verdict, review: Schemas['SubmittedReview']): string {
  if (review.answered) return strings.diff.submitted.answered
  if (verdict !== 'request_changes') return strings.diff.submitted[verdict]
  return review.followUp === null
    ? strings.diff.submitted.requested
    : strings.diff.submitted.followUp
}
