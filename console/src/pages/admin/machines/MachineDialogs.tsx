import type { Schemas } from '../../../api/client'
import { FormDialog } from '../../../components/dialogs/FormDialog'
import { Checkbox } from '../../../components/forms/Checkbox'
import { Field } from '../../../components/forms/Field'
import type { FormValues } from '../../../components/forms/useForm'
import { strings } from '../../../i18n'
import { changeMachine, decommission } from '../../../queries/adminMachines'
import styles from '../admin.module.css'
import { formatLabels, parseLabels } from './labels'

type Props = { machine: Schemas['Machine']; onClose: () => void }

export function ChangeMachineDialog({ machine, onClose }: Props) {
  const submit = ({ text }: FormValues) =>
    changeMachine(machine.id, {
      name: text('name'),
      slots: Number(text('slots')),
      labels: parseLabels(text('labels')),
    })
  return (
    <FormDialog
      title={strings.admin.changeMachine(machine.name)}
      submit={strings.common.save}
      act={submit}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <Field label={strings.forms.name} error={form.errorOf('name')}>
            <input
              className="input"
              name="name"
              defaultValue={machine.name}
              maxLength={100}
              required
            />
          </Field>
          <Field label={strings.admin.slots} error={form.errorOf('slots')}>
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
            label={strings.admin.labels}
            hint={strings.admin.labelsHint}
            error={form.errorIn('labels')}
          >
            <textarea
              className={`input ${styles.lines}`}
              name="labels"
              rows={4}
              spellCheck={false}
              defaultValue={formatLabels(machine.adminLabels)}
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
      title={strings.admin.decommissionTitle(machine.name)}
      submit={strings.admin.decommissionTitle(machine.name)}
      act={({ isChecked }) => decommission(machine.id, isChecked('dead'))}
      done={onClose}
      onClose={onClose}
    >
      <p>{strings.admin.decommissionAbout}</p>
      <Checkbox name="dead" label={strings.admin.dead} hint={strings.admin.deadHint} />
    </FormDialog>
  )
}
