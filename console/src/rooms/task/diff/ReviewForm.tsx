import { type KeyboardEvent, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { asProblem } from '../../../api/problem'
import { Once } from '../../../lib/once'
import { lastToDecide, useSubmit } from '../../../queries/reviews'
import { Button } from '../../../ui/Button'
import { say, sayBroken } from '../../../ui/toasts'
import { words } from '../../../words'
import { useReview } from './review'
import styles from './Verdict.module.css'

type Verdict = Schemas['NewReview']['verdict']
type Props = {
  task: Schemas['TaskDetail']
  /** The open one before a stage, which an approval answers. */
  gate: Schemas['PendingGate'] | null
  drafts: number
}

const TOO_LATE = ['already_answered', 'no_open_gate', 'wrong_stage']
const verdicts: Verdict[] = ['approve', 'request_changes', 'comment']

/** One's verdict. Nothing is shown as done before the server has said so; of a review that comes
 *  too late nothing is kept, and its drafts stay drafts. */
export function ReviewForm({ task, gate, drafts }: Props) {
  const { commit, isLatest } = useReview()
  const [body, setBody] = useState('')
  const [chosen, setVerdict] = useState<Verdict>('comment')
  const [touched, setTouched] = useState(false)
  const verdict = touched ? chosen : gate && isLatest ? 'approve' : 'comment'
  const submit = useSubmit(task.id)
  const isBusy = submit.isPending
  const isEmpty = verdict !== 'approve' && drafts === 0 && body.trim() === ''

  // An answer that was lost on its way may have been to a review that was taken.
  const [once] = useState(() => new Once())
  const send = () => {
    if (isBusy || isEmpty) return
    const about = gate && { stageIndex: gate.stageIndex, number: gate.number }
    // What cannot be approved any more is not what was seen.
    const review = { verdict, body, ...(isLatest && { commit }), ...about }
    submit.mutate(
      { ...review, key: once.keyOf(review) },
      {
        onSuccess: (told) => {
          once.taken()
          setBody('')
          say(saidOf(verdict, told))
        },
        onError: (error) => {
          const { code } = asProblem(error)
          if (TOO_LATE.includes(code)) void sayFaster(task.id)
          else if (code === 'work_moved') say(words.diff.moved)
          else sayBroken(error)
        },
      },
    )
  }
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
    event.preventDefault()
    send()
  }
  return (
    <form className={`field ${styles.form}`} onSubmit={(event) => event.preventDefault()}>
      <h2>{words.diff.yourReview}</h2>
      <label className="field">
        <span className="hidden">{words.diff.summary}</span>
        <textarea
          className="input"
          id="review-summary"
          placeholder={words.diff.say}
          value={body}
          maxLength={10_000}
          onChange={(event) => setBody(event.target.value)}
          onKeyDown={press}
        />
      </label>
      <div>
        {verdicts.map((one) => (
          <label key={one} className="pick">
            <input
              type="radio"
              name="verdict"
              checked={verdict === one}
              disabled={one === 'approve' && !isLatest}
              onChange={() => {
                setTouched(true)
                setVerdict(one)
              }}
            />
            <span>
              {nameOf(one)}
              <br />
              <span className="hint">{hintOf(one, task, gate, isLatest)}</span>
            </span>
          </label>
        ))}
      </div>
      <Button
        look="main"
        className={styles.whole}
        disabled={isBusy || isEmpty}
        aria-describedby={isEmpty ? 'review-empty' : undefined}
        aria-keyshortcuts="Meta+Enter Control+Enter"
        onClick={send}
      >
        {drafts > 0 ? words.diff.submitWith(drafts) : words.diff.submit}
        <kbd aria-hidden="true">⌘↵</kbd>
      </Button>
      {isEmpty && (
        <p className="hint" id="review-empty">
          {words.diff.sayMore}
        </p>
      )}
    </form>
  )
}

/** Who was: the drafts are still there for another round. */
async function sayFaster(taskId: number): Promise<void> {
  const who = await lastToDecide(taskId).catch(() => null)
  say(words.diff.faster(who ?? words.diff.somebody))
}

function nameOf(verdict: Verdict): string {
  if (verdict === 'approve') return words.diff.approve
  return verdict === 'comment' ? words.diff.commentOnly : words.diff.requestChanges
}

function hintOf(verdict: Verdict, task: Props['task'], gate: Props['gate'], isLatest: boolean) {
  if (verdict === 'approve') {
    if (!isLatest) return words.diff.olderCommit
    return gate ? words.diff.approveGate : words.diff.approveNothing
  }
  if (verdict === 'comment') return gate ? words.diff.commentGate : words.diff.commentNothing
  const rests = gate !== null || ['completed', 'failed', 'cancelled'].includes(task.status)
  return rests ? words.diff.requestNow(task.round + 1) : words.diff.requestLater
}

function saidOf(verdict: Verdict, told: Schemas['SubmittedReview']): string {
  if (told.answered) return words.diff.submitted.answered
  if (verdict !== 'request_changes') return words.diff.submitted[verdict]
  return told.followUp === null ? words.diff.submitted.requested : words.diff.submitted.followUp
}
