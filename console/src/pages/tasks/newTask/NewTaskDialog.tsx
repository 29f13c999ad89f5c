import { useRef } from 'react'
import { Button } from '../../../components/controls/Button'
import { Dialog } from '../../../components/dialogs/Dialog'
import { Field } from '../../../components/forms/Field'
import { strings } from '../../../i18n'
import { DescriptionField } from './DescriptionField'
import { DraftList } from './DraftList'
import styles from './NewTask.module.css'
import { TaskOptions } from './TaskOptions'
import { useNewTaskForm } from './useNewTaskForm'

/** The dialog of a new task. Saves the input as a draft until it becomes a task. */
export default function NewTaskDialog({ begun, onClose }: { begun: string; onClose: () => void }) {
  const description = useRef<HTMLTextAreaElement>(null)
  const task = useNewTaskForm(begun)
  const { form, errors, projects, isTouched, isCreating, change, resumeDraft, keep, submit } = task
  const close = () => {
    onClose()
    keep()
  }
  return (
    <Dialog
      title={strings.common.newTask}
      isOpen
      onClose={close}
      first={description}
      className={styles.dialog ?? ''}
      foot={
        <Button
          variant="main"
          type="submit"
          form="new-task"
          disabled={isCreating || task.uploads.isUploading}
        >
          {isCreating ? strings.newTask.creating : strings.newTask.create}
        </Button>
      }
    >
      {!isTouched && <DraftList onGoOn={resumeDraft} />}
      <form
        id="new-task"
        className={styles.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <ProjectField
          projects={projects}
          chosen={form.projectKey}
          error={errors.projectKey}
          onChange={(projectKey) => change({ projectKey })}
        />
        <DescriptionField
          ref={description}
          text={form.description}
          projectKey={form.projectKey}
          uploads={task.uploads}
          error={errors.description}
          imageError={errors.imageIds}
          onChange={(description) => change({ description })}
          onSubmit={() => void submit()}
        />
        <TaskOptions form={form} errors={errors} onChange={change} />
      </form>
    </Dialog>
  )
}

function ProjectField(props: {
  projects: { key: string; name: string }[] | undefined
  chosen: string
  error: string | undefined
  onChange: (key: string) => void
}) {
  return (
    <Field label={strings.newTask.project} error={props.error}>
      <select
        className="input"
        value={props.chosen}
        onChange={(event) => props.onChange(event.target.value)}
      >
        <option value="">{strings.newTask.chooseProject}</option>
        {props.projects?.map(({ key, name }) => (
          <option key={key} value={key}>
            {name === key ? key : `${key} · ${name}`}
          </option>
        ))}
      </select>
    </Field>
  )
}
