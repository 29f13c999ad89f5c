import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useRef, useState } from 'react'
import { asProblem, type Problem } from '../../../api/problem'
import { problemText, warningText } from '../../../api/problemText'
import { Button } from '../../../components/controls/Button'
import { Dialog } from '../../../components/dialogs/Dialog'
import { Field } from '../../../components/forms/Field'
import { strings } from '../../../i18n'
import type { Draft } from '../../../queries/drafts'
import { useMe } from '../../../queries/me'
import { useCreateTask } from '../../../queries/newTask'
import { useProjectOptions } from '../../../queries/options'
import { showErrorToast, showToast } from '../../../state/toasts'
import { DescriptionField } from './DescriptionField'
import { DraftList } from './DraftList'
import { EMPTY, type Form, firstProject, formOf, isWorthSaving, priorityOf, taskOf } from './form'
import styles from './NewTask.module.css'
import { TaskOptions } from './TaskOptions'
import { useDraftAutosave } from './useDraftAutosave'

const LAST_PROJECT_KEY = 'muster-project'
type Errors = Record<string, string | undefined>

/** The dialog of a new task: what is written is kept, and becomes a task. */
export default function NewTaskDialog({ begun, onClose }: { begun: string; onClose: () => void }) {
  const [form, setForm] = useState<Form>({ ...EMPTY, description: begun })
  const [isTouched, touch] = useState(begun !== '')
  const [missing, setMissing] = useState<Errors>({})
  const description = useRef<HTMLTextAreaElement>(null)
  const once = useRef(crypto.randomUUID())
  const projects = useOwnProjects()
  const draft = useDraftAutosave()
  const create = useCreateTask()
  const navigate = useNavigate()
  const keys = projects?.map(({ key }) => key) ?? []
  const chosen = form.projectKey || firstProject(keys, lastProject())
  const whole = { ...form, projectKey: chosen }
  const change = (some: Partial<Form>) => {
    const after = { ...whole, ...some }
    setForm(after)
    touch(true)
    once.current = crypto.randomUUID()
    draft.later(after)
  }
  const resumeDraft = (one: Draft) => {
    draft.resume(one)
    setForm(formOf(one))
    touch(true)
  }
  const close = () => {
    onClose()
    if (!isTouched || !isWorthSaving(whole)) return
    void draft.flush().then(
      () => showToast(strings.newTask.draftSaved),
      () => showToast(strings.newTask.draftNotSaved),
    )
  }
  const submit = async (event?: FormEvent) => {
    event?.preventDefault()
    const lacking = missingFields(whole)
    setMissing(lacking)
    if (Object.keys(lacking).length > 0 || create.isPending) return
    try {
      const task = await create.mutateAsync({ body: taskOf(whole), idempotencyKey: once.current })
      localStorage.setItem(LAST_PROJECT_KEY, chosen)
      void draft.done()
      const [warning] = task.warnings
      if (warning) showToast(warningText(warning))
      await navigate({ to: '/tasks/$taskId', params: { taskId: String(task.id) }, search: {} })
    } catch (error) {
      if (Object.keys(asProblem(error).errors).length === 0) showErrorToast(error)
    }
  }
  const errors = { ...serverErrors(create.error ? asProblem(create.error) : null), ...missing }
  return (
    <Dialog
      title={strings.common.newTask}
      isOpen
      onClose={close}
      first={description}
      className={styles.dialog ?? ''}
      foot={
        <Button variant="main" type="submit" form="new-task" disabled={create.isPending}>
          {create.isPending ? strings.newTask.creating : strings.newTask.create}
        </Button>
      }
    >
      {!isTouched && <DraftList onGoOn={resumeDraft} />}
      <form
        id="new-task"
        className={styles.form}
        noValidate
        onSubmit={(event) => void submit(event)}
      >
        <Field label={strings.newTask.project} error={errors.projectKey}>
          <select
            className="input"
            value={chosen}
            onChange={(event) => change({ projectKey: event.target.value })}
          >
            <option value="">{strings.newTask.chooseProject}</option>
            {projects?.map(({ key, name }) => (
              <option key={key} value={key}>
                {name === key ? key : `${key} · ${name}`}
              </option>
            ))}
          </select>
        </Field>
        <DescriptionField
          ref={description}
          text={form.description}
          projectKey={chosen}
          error={errors.description}
          onChange={(description) => change({ description })}
          onSubmit={() => void submit()}
        />
        <TaskOptions form={form} errors={errors} onChange={change} />
      </form>
    </Dialog>
  )
}

/** The projects in which this person may create tasks: leads see others, too. */
function useOwnProjects() {
  const me = useMe()
  return useProjectOptions()?.filter(({ myRole }) => myRole !== null || me?.role === 'admin')
}

function lastProject(): string | null {
  return localStorage.getItem(LAST_PROJECT_KEY)
}

/** What is wanting, before the server is asked. */
function missingFields(form: Form): Errors {
  return {
    ...(form.projectKey === '' && { projectKey: strings.newTask.needsProject }),
    ...(form.description.trim() === '' && { description: strings.newTask.needsDescription }),
    ...(priorityOf(form) === null && { priority: strings.newTask.priorityHint }),
  }
}

/** What the server says of fields, by the form's. */
function serverErrors(problem: Problem | null): Errors {
  if (problem === null) return {}
  const said = Object.entries(problem.errors).map(([field, messages]) => [
    field.startsWith('agentOptions') ? 'model' : field,
    messages.join(' '),
  ])
  if (problem.status === 404) said.push(['projectKey', problemText(problem)])
  return Object.fromEntries(said)
}
