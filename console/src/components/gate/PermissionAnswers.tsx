import { useState } from 'react'
import { strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import type { PendingGate } from '../../queries/gates'
import { Button } from '../controls/Button'
import { useShortcuts } from '../hooks/shortcuts'
import type { Send } from './answerOptions'
import { CommentField } from './CommentField'
import styles from './Gate.module.css'

type Props = {
  gate: PendingGate
  /** The agent's suggestion can be added to the project. */
  canAllowAlways: boolean
  isOff: boolean
  hasKeys: boolean
  send: Send
}

/** Answers to a permission request. A denial opens a field for the reason, which can stay empty. */
export function PermissionAnswers({ gate, canAllowAlways, isOff, hasKeys, send }: Props) {
  const [reason, setReason] = useState<string | null>(null)
  const { allowOnce, allowForTask, deny, denyNow, allowAlways } = strings.gate
  const suggestion = gate.permission?.suggestion ?? null
  const once = () => send({ result: 'allow_once' })
  const forTask = () => send({ result: 'allow_for_task' })
  const denial = () =>
    reason === null ? setReason('') : send({ result: 'deny', comment: reason.trim() || null })
  const keys = [
    { key: '1', what: allowOnce, do: once },
    { key: '2', what: allowForTask, do: forTask },
    { key: '3', what: deny, do: denial },
  ]
  useShortcuts('here', isOff || !hasKeys ? [] : keys)
  const hint = (key: string) => (hasKeys ? key : undefined)
  return (
    <div className={styles.answers}>
      <div className="row wrap">
        <Button hint={hint('1')} disabled={isOff} onClick={once}>
          {allowOnce}
        </Button>
        <Button hint={hint('2')} disabled={isOff} onClick={forTask}>
          {allowForTask}
        </Button>
        <Button variant="bad" hint={hint('3')} disabled={isOff} onClick={denial}>
          {reason === null ? deny : denyNow}
        </Button>
      </div>
      {reason !== null && (
        <CommentField
          label={strings.gate.denyReason}
          hint={strings.gate.denyReasonHint}
          text={reason}
          isOff={isOff}
          onChange={setReason}
        />
      )}
      <p className="hint">
        {suggestion === null
          ? strings.gate.forTaskExact
          : strings.gate.forTaskRule(revealInvisible(suggestion))}
      </p>
      {canAllowAlways && suggestion !== null && (
        <div>
          <Button
            variant="quiet"
            disabled={isOff}
            onClick={() => send({ result: 'allow_for_task', always: true })}
          >
            {allowAlways(revealInvisible(suggestion))}
          </Button>
        </div>
      )}
    </div>
  )
}
