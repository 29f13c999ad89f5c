import { useRef, useState } from 'react'
import { Button } from '../../components/controls/Button'
import { Dialog } from '../../components/dialogs/Dialog'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import type { Machine } from '../../lib/machine/machines'
import { useDrain } from '../../queries/machines'
import { showErrorToast, showToast } from '../../state/toasts'
import { DrainPreview } from './DrainPreview'

const DEADLINES = ['none', '0', '600', '3600', '14400', '86400'] as const
type Deadline = (typeof DEADLINES)[number]

/** A dialog for draining a machine: the reason, the deadline, and what happens to its tasks. */
export function DrainDialog({ machine, onClose }: { machine: Machine; onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null)
  const [note, setNote] = useState('')
  const [deadline, setDeadline] = useState<Deadline>('none')
  const { mutate, isPending } = useDrain(machine.id)
  const deadlineSeconds = deadline === 'none' ? null : Number(deadline)
  const drain = () =>
    mutate(
      { note: note.trim() || null, deadlineSeconds },
      {
        onSuccess: () => {
          showToast(strings.machines.drainStarted(machine.name))
          onClose()
        },
        onError: showErrorToast,
      },
    )
  return (
    <Dialog
      title={strings.machines.drainThis(machine.name)}
      isOpen
      first={field}
      onClose={onClose}
      foot={
        <>
          <Button variant="main" disabled={isPending} onClick={drain}>
            {strings.machines.drainThis(machine.name)}
          </Button>
          <Button onClick={onClose}>{strings.common.cancel}</Button>
        </>
      }
    >
      <p className="soft">{strings.machines.drainWhat}</p>
      <Field label={strings.machines.note} hint={strings.machines.noteHint}>
        <input
          ref={field}
          className="input"
          maxLength={1000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </Field>
      <Field label={strings.machines.deadline}>
        <select
          className="input"
          value={deadline}
          onChange={(event) => setDeadline(event.target.value as Deadline)}
        >
          {DEADLINES.map((one) => (
            <option key={one} value={one}>
              {strings.machines.deadlines[one]}
            </option>
          ))}
        </select>
      </Field>
      <DrainPreview machineId={machine.id} deadlineSeconds={deadlineSeconds} />
    </Dialog>
  )
}
