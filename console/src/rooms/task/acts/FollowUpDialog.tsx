import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { asProblem, type Problem } from '../../../api/problem'
import { beginningsOf } from '../../../lib/beginnings'
import { useEvents } from '../../../queries/events'
import { useFollowUp } from '../../../queries/followUps'
import { isAsked } from '../../../queries/gates'
import { Button } from '../../../ui/Button'
import { Dialog } from '../../../ui/Dialog'
import { Field } from '../../../ui/Field'
import { say } from '../../../ui/toasts'
import { words } from '../../../words'
import { FollowUpList } from './FollowUpList'

type Props = { task: Schemas['TaskDetail']; onClose: () => void }
const LONGEST = 20_000

/** What is to be done next, from which stage, and what that does now. */
export default function FollowUpDialog({ task, onClose }: Props) {
  const [instruction, setInstruction] = useState('')
  const [fromStage, setFromStage] = useState(0)
  const [key] = useState(() => crypto.randomUUID())
  const followUp = useFollowUp(task.id)
  const beginnings = beginningsOf(task.pipeline.length, useEvents(task.id).data ?? [])
  const problem = followUp.error ? asProblem(followUp.error) : null
  const send = () =>
    followUp.mutate(
      { instruction: instruction.trim(), fromStage, key },
      {
        onSuccess: ({ round }) => {
          say(round === null ? words.followUp.queued : words.followUp.begun(round))
          onClose()
        },
      },
    )
  return (
    <Dialog
      title={words.followUp.title(task.id)}
      isOpen
      onClose={onClose}
      foot={
        <Button look="main" disabled={!instruction.trim() || followUp.isPending} onClick={send}>
          {words.followUp.send}
        </Button>
      }
    >
      <Field
        label={words.followUp.instruction}
        hint={words.followUp.hint}
        error={problem ? toldOf(problem) : undefined}
      >
        <textarea
          className="input"
          autoFocus
          rows={5}
          maxLength={LONGEST}
          value={instruction}
          onChange={({ target }) => setInstruction(target.value)}
        />
      </Field>
      {task.pipeline.length > 1 && (
        <Field label={words.followUp.from}>
          <select
            className="input"
            value={fromStage}
            onChange={({ target }) => setFromStage(Number(target.value))}
          >
            {task.pipeline.map(({ name }, index) => (
              <option key={name} value={index} disabled={!beginnings.includes(index)}>
                {name}
              </option>
            ))}
          </select>
        </Field>
      )}
      <p className="hint">{whenOf(task)}</p>
      <FollowUpList task={task} />
    </Dialog>
  )
}

/** When it begins. */
function whenOf(task: Schemas['TaskDetail']): string {
  const waiting = task.followUpsQueued
  if (task.status === 'failed' && waiting > 0) return words.followUp.afterFailure(waiting)
  if (['completed', 'failed', 'cancelled'].includes(task.status)) return words.followUp.beginsNow
  if (waiting > 0) return `${words.followUp.waitsItsTurn} ${words.followUp.waitsBehind(waiting)}`
  const isBeforeStage = isAsked(task) && task.suspendReason === 'gate'
  return isBeforeStage ? words.followUp.withdrawsGate : words.followUp.waitsItsTurn
}

function toldOf({ code, detail, errors }: Problem): string {
  if (code === 'no_checkpoint') return words.followUp.noCheckpoint
  return errors.instruction?.[0] ?? detail
}
