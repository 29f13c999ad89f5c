import { useState } from 'react'
import type { Machine } from '../../lib/fleet'
import { useDrain } from '../../queries/machines'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { Field } from '../../ui/Field'
import { say, sayBroken } from '../../ui/toasts'
import { words } from '../../words'
import { DrainPlan } from './DrainPlan'

const DEADLINES = ['none', '0', '600', '3600', '14400', '86400'] as const
type Deadline = (typeof DEADLINES)[number]

/** Why and until when a machine is drained, and what becomes of its tasks: asked before it is done. */
export function DrainDialog({ machine, onClose }: { machine: Machine; onClose: () => void }) {
  const [note, setNote] = useState('')
  const [deadline, setDeadline] = useState<Deadline>('none')
  const { mutate, isPending } = useDrain(machine.id)
  const deadlineSeconds = deadline === 'none' ? null : Number(deadline)
  const drain = () =>
    mutate(
      { note: note.trim() || null, deadlineSeconds },
      {
        onSuccess: () => {
          say(words.machines.drainStarted(machine.name))
          onClose()
        },
        onError: sayBroken,
      },
    )
  return (
    <Dialog
      title={words.machines.drainThis(machine.name)}
      isOpen
      onClose={onClose}
      foot={
        <>
          <Button look="main" disabled={isPending} onClick={drain}>
            {words.machines.drainThis(machine.name)}
          </Button>
          <Button onClick={onClose}>{words.common.cancel}</Button>
        </>
      }
    >
      <p className="soft">{words.machines.drainWhat}</p>
      <Field label={words.machines.note} hint={words.machines.noteHint}>
        <input
          className="input"
          maxLength={1000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </Field>
      <Field label={words.machines.deadline}>
        <select
          className="input"
          value={deadline}
          onChange={(event) => setDeadline(event.target.value as Deadline)}
        >
          {DEADLINES.map((one) => (
            <option key={one} value={one}>
              {words.machines.deadlines[one]}
            </option>
          ))}
        </select>
      </Field>
      <DrainPlan machineId={machine.id} deadlineSeconds={deadlineSeconds} />
    </Dialog>
  )
}
