import type { Schemas } from '../../api/client'
import { changeMachine, decommission } from '../../queries/adminMachines'
import { Check } from '../../ui/Check'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import type { Given } from '../../ui/useForm'
import { words } from '../../words'
import styles from './admin.module.css'
import { readLabels, writtenLabels } from './labels'

type Props = { machine: Schemas['Machine']; onClose: () => void }

export function ChangeMachineDialog({ machine, onClose }: Props) {
  const act = ({ text }: Given) =>
    changeMachine(machine.id, {
      name: text('name'),
      slots: Number(text('slots')),
      labels: readLabels(text('labels')),
    })
  return (
    <FormDialog
      title={words.admin.changeMachine(machine.name)}
      submit={words.common.save}
      act={act}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <Field label={words.forms.name} error={form.errorOf('name')}>
            <input
              className="input"
              name="name"
              defaultValue={machine.name}
              maxLength={100}
              required
            />
          </Field>
          <Field label={words.admin.slots} error={form.errorOf('slots')}>
            <input
              className="input"
              type="number"
              name="slots"
              min={1}
              max={1000}
              defaultValue={machine.slots.total}
              required
            />
          </Field>
          <Field
            label={words.admin.labels}
            hint={words.admin.labelsHint}
            error={form.errorIn('labels')}
          >
            <textarea
              className={`input ${styles.lines}`}
              name="labels"
              rows={4}
              spellCheck={false}
              defaultValue={writtenLabels(machine.adminLabels)}
            />
          </Field>
        </>
      )}
    </FormDialog>
  )
}

export function DecommissionDialog({ machine, onClose }: Props) {
  return (
    <FormDialog
      isBad
      title={words.admin.decommissionTitle(machine.name)}
      submit={words.admin.decommissionTitle(machine.name)}
      act={({ isOn }) => decommission(machine.id, isOn('dead'))}
      done={onClose}
      onClose={onClose}
    >
      <p>{words.admin.decommissionAbout}</p>
      <Check name="dead" label={words.admin.dead} hint={words.admin.deadHint} />
    </FormDialog>
  )
}
