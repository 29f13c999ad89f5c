import { type KeyboardEvent, useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { asProblem } from '../../../../api/problem'
import { Button } from '../../../../components/controls/Button'
import { strings } from '../../../../i18n'
import { IdempotencyKeys } from '../../../../lib/net/idempotencyKeys'
import { useSubmitReview } from '../../../../queries/reviews'
import { showErrorToast, showToast } from '../../../../state/toasts'
import styles from './ReviewPanel.module.css'
import { useReview } from './reviewContext'

type Verdict = Schemas['NewReview']['verdict']
type Props = {
  task: Schemas['TaskDetail']
  /** The open gate before a stage, which an approval answers. */
  gate: Schemas['PendingGate'] | null
  drafts: number
}

const LATE_REVIEW_CODES = ['already_answered', 'no_open_gate', 'wrong_stage']
const verdicts: Verdict[] = ['approve', 'request_changes', 'comment']

/** The form for your verdict. Shows nothing as done before the server confirms it. The server
 *  stores no review that comes too late; its drafts stay drafts. */
export function ReviewForm({ task, gate, drafts }: Props) {
  const { isLatest } = useReview()
  const [body, setBody] = useState('')
  const [chosen, choose] = useState<Verdict | null>(null)
  const verdict = chosen ?? (gate && isLatest ? 'approve' : 'comment')
  const { isBusy, send } = useReviewSubmission({ task, gate }, verdict, () => setBody(''))
  const isEmpty = verdict !== 'approve' && drafts === 0 && body.trim() === ''
  const submit = () => {
    if (!isBusy && !isEmpty) send(body)
  }
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
    event.preventDefault()
    submit()
  }
  return (
    <form className={`field ${styles.form}`} onSubmit={(event) => event.preventDefault()}>
      <h2>{strings.diff.yourReview}</h2>
      <label className="field">
        <span className="hidden">{strings.diff.summary}</span>
        <textarea
          className="input"
          id="review-summary"
          placeholder={strings.diff.summaryHint}
          value={body}
          maxLength={10_000}
          onChange={(event) => setBody(event.target.value)}
          onKeyDown={press}
        />
      </label>
      <VerdictPicker task={task} gate={gate} verdict={verdict} onChange={choose} />
      <Button
        variant="main"
        className={styles.whole}
        disabled={isBusy || isEmpty}
        aria-describedby={isEmpty ? 'review-empty' : undefined}
        aria-keyshortcuts="Meta+Enter Control+Enter"
        onClick={submit}
      >
        {drafts > 0 ? strings.diff.submitWith(drafts) : strings.diff.submit}
        <kbd aria-hidden="true">⌘↵</kbd>
      </Button>
      {isEmpty && (
        <p className="hint" id="review-empty">
          {strings.diff.summaryNeeded}
        </p>
      )}
    </form>
  )
}

type Subject = Pick<Props, 'task' | 'gate'>

function useReviewSubmission({ task, gate }: Subject, verdict: Verdict, onDone: () => void) {
  const { commit, isLatest } = useReview()
  const submit = useSubmitReview(task.id)
  // If the response is lost, the server may have stored the review: retry with the same key.
  const [once] = useState(() => new IdempotencyKeys())
  const send = (body: string) => {
    const about = gate && { stageIndex: gate.stageIndex, number: gate.number }
    // Omit an outdated commit: it can't be approved anymore.
    const review = { verdict, body, ...(isLatest && { commit }), ...about }
    submit.mutate(
      { ...review, key: once.keyFor(review) },
      {
        onSuccess: (told) => {
          once.reset()
          onDone()
          showToast(submittedText(verdict, told))
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

function VerdictPicker(props: Subject & { verdict: Verdict; onChange: (one: Verdict) => void }) {
  const { isLatest } = useReview()
  return (
    <div>
      {verdicts.map((one) => (
        <label key={one} className="pick">
          <input
            type="radio"
            name="verdict"
            checked={props.verdict === one}
            disabled={one === 'approve' && !isLatest}
            onChange={() => props.onChange(one)}
          />
          <span>
            {nameOf(one)}
            <br />
            <span className="hint">{hintOf(one, props.task, props.gate, isLatest)}</span>
          </span>
        </label>
      ))}
    </div>
  )
}

function nameOf(verdict: Verdict): string {
  if (verdict === 'approve') return strings.diff.approve
  return verdict === 'comment' ? strings.diff.commentOnly : strings.diff.requestChanges
}

function hintOf(verdict: Verdict, task: Props['task'], gate: Props['gate'], isLatest: boolean) {
  if (verdict === 'approve') {
    if (!isLatest) return strings.diff.olderCommit
    return gate ? strings.diff.approveGate : strings.diff.approveNothing
  }
  if (verdict === 'comment') return gate ? strings.diff.commentGate : strings.diff.commentNothing
  const rests = gate !== null || ['completed', 'failed', 'cancelled'].includes(task.status)
  return rests ? strings.diff.requestNow(task.round + 1) : strings.diff.requestLater
}

function submittedText(verdict: Verdict, told: Schemas['SubmittedReview']): string {
  if (told.answered) return strings.diff.submitted.answered
  if (verdict !== 'request_changes') return strings.diff.submitted[verdict]
  return told.followUp === null ? strings.diff.submitted.requested : strings.diff.submitted.followUp
}
