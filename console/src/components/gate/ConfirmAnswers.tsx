import { useState } from 'react'
import { strings } from '../../i18n'
import type { PendingGate } from '../../queries/gates'
import { useRequestChanges } from '../../queries/reviews'
import { Button } from '../controls/Button'
import { useShortcuts } from '../hooks/shortcuts'
import type { Send } from './answerOptions'
import { CommentField } from './CommentField'
import { EndTaskPrompt } from './EndTaskPrompt'
import styles from './Gate.module.css'
import { useApproval } from './useApproval'

type Props = {
  taskId: number
  gate: PendingGate
  /** There is work to change, and you can review it. */
  canRequestChanges: boolean
  isOff: boolean
  hasKeys: boolean
  send: Send
  /** Called before the field for the changes opens. */
  onWrite?: (() => void) | undefined
}

/** The answers before a stage: approve, have the work changed, or end the task. Nothing is chosen
 *  beforehand, and no key ends the task. */
export function ConfirmAnswers(props: Props) {
  const { taskId, gate, canRequestChanges, hasKeys, send } = props
  const [comment, setComment] = useState('')
  const [opened, open] = useState<'comment' | 'changes' | 'end' | null>(null)
  const changes = useRequestChanges(taskId, gate)
  const approval = useApproval({ taskId, gate, comment, canReview: canRequestChanges, send })
  const { approve } = approval
  const isOff = props.isOff || changes.isPending || approval.isChecking
  const write = () => {
    props.onWrite?.()
    open('changes')
  }
  const hint = (key: string) => (hasKeys ? key : undefined)
  const keys = [
    { key: '1', what: strings.gate.confirm, do: approve },
    { key: '2', what: strings.gate.requestChanges, do: write },
  ]
  useShortcuts('here', isOff || !hasKeys ? [] : keys.slice(0, canRequestChanges ? 2 : 1))
  return (
    <div className={styles.answers}>
      <div className="row wrap">
        <Button hint={hint('1')} disabled={isOff} onClick={approve}>
          {strings.gate.confirm}
        </Button>
        {canRequestChanges && (
          <Button hint={hint('2')} disabled={isOff} onClick={write}>
            {strings.gate.requestChanges}
          </Button>
        )}
        <Button variant="bad" disabled={isOff} onClick={() => open('end')}>
          {strings.gate.reject}
        </Button>
        {hasKeys && opened === null && (
          <Button variant="quiet" disabled={isOff} onClick={() => open('comment')}>
            {strings.gate.addComment}
          </Button>
        )}
      </div>
      {approval.dialog}
      {opened === 'comment' && <CommentField text={comment} isOff={isOff} onChange={setComment} />}
      {opened === 'changes' && (
        <ChangesForm text={comment} isOff={isOff} onChange={setComment} onSend={changes.mutate} />
      )}
      {opened === 'end' && (
        <EndTaskPrompt
          taskId={taskId}
          ending="reject"
          comment={comment}
          isOff={isOff}
          onEnd={(why) => send({ result: 'reject', comment: why })}
          onClose={() => open(null)}
        />
      )}
    </div>
  )
}

function ChangesForm(props: {
  text: string
  isOff: boolean
  onChange: (text: string) => void
  onSend: (text: string) => void
}) {
  const { text, isOff, onChange, onSend } = props
  return (
    <>
      <CommentField
        label={strings.gate.changesToMake}
        hint={strings.gate.requestChangesHint}
        text={text}
        isOff={isOff}
        onChange={onChange}
      />
      <span>
        <Button disabled={isOff || !text.trim()} onClick={() => onSend(text.trim())}>
          {strings.gate.requestChanges}
        </Button>
      </span>
    </>
  )
}
