import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useRef, useState } from 'react'
import { asProblem, type Problem } from '../../api/problem'
import { useProjectChoices } from '../../queries/choices'
import type { Draft } from '../../queries/drafts'
import { useMe } from '../../queries/me'
import { useCreateTask } from '../../queries/newTask'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { detailOf, warningOf } from '../../ui/detail'
import { Field } from '../../ui/Field'
import { say, sayBroken } from '../../ui/toasts'
import { words } from '../../words'
import { Describe } from './new/Describe'
import { DraftOffers } from './new/DraftOffers'
import {
  EMPTY,
  type Form,
  firstProject,
  isWorthKeeping,
  ofDraft,
  priorityOf,
  taskOf,
} from './new/form'
import styles from './new/NewTask.module.css'
import { useKeptDraft } from './new/useKeptDraft'
import { Wishes } from './new/Wishes'

const LAST = 'muster-project'
type Errors = Record<string, string | undefined>

/** The dialog of a new task: what is written is kept, and becomes a task. */
export default function NewTask({ begun, onClose }: { begun: string; onClose: () => void }) {
  const [form, setForm] = useState<Form>({ ...EMPTY, description: begun })
  const [isTouched, touch] = useState(begun !== '')
  const [missing, setMissing] = useState<Errors>({})
  const description = useRef<HTMLTextAreaElement>(null)
  const once = useRef(crypto.randomUUID())
  const projects = useOwnProjects()
  const draft = useKeptDraft()
  const create = useCreateTask()
  const navigate = useNavigate()
  const keys = projects?.map(({ key }) => key) ?? []
  const chosen = form.projectKey || firstProject(keys, last())
  const whole = { ...form, projectKey: chosen }
  const change = (some: Partial<Form>) => {
    const after = { ...whole, ...some }
    setForm(after)
    touch(true)
    once.current = crypto.randomUUID()
    draft.later(after)
  }
  const goOn = (one: Draft) => {
    draft.goOnWith(one)
    setForm(ofDraft(one))
    touch(true)
  }
  const close = () => {
    onClose()
    if (!isTouched || !isWorthKeeping(whole)) return
    void draft.flush().then(
      () => say(words.newTask.kept),
      () => say(words.newTask.notKept),
    )
  }
  const submit = async (event?: FormEvent) => {
    event?.preventDefault()
    const lacking = lackingIn(whole)
    setMissing(lacking)
    if (Object.keys(lacking).length > 0 || create.isPending) return
    try {
      const task = await create.mutateAsync({ body: taskOf(whole), once: once.current })
      localStorage.setItem(LAST, chosen)
      void draft.done()
      const [warning] = task.warnings
      if (warning) say(warningOf(warning))
      await navigate({ to: '/tasks/$taskId', params: { taskId: String(task.id) }, search: {} })
    } catch (error) {
      if (Object.keys(asProblem(error).errors).length === 0) sayBroken(error)
    }
  }
  const errors = { ...errorsOf(create.error ? asProblem(create.error) : null), ...missing }
  return (
    <Dialog
      title={words.common.newTask}
      isOpen
      onClose={close}
      first={description}
      className={styles.dialog ?? ''}
      foot={
        <Button look="main" type="submit" form="new-task" disabled={create.isPending}>
          {create.isPending ? words.newTask.creating : words.newTask.create}
        </Button>
      }
    >
      {!isTouched && <DraftOffers onGoOn={goOn} />}
      <form
        id="new-task"
        className={styles.form}
        noValidate
        onSubmit={(event) => void submit(event)}
      >
        <Field label={words.newTask.project} error={errors.projectKey}>
          <select
            className="input"
            value={chosen}
            onChange={(event) => change({ projectKey: event.target.value })}
          >
            <option value="">{words.newTask.chooseProject}</option>
            {projects?.map(({ key, name }) => (
              <option key={key} value={key}>
                {name === key ? key : `${key} · ${name}`}
              </option>
            ))}
          </select>
        </Field>
        <Describe
          ref={description}
          text={form.description}
          projectKey={chosen}
          error={errors.description}
          onChange={(description) => change({ description })}
          onSubmit={() => void submit()}
        />
        <Wishes form={form} errors={errors} onChange={change} />
      </form>
    </Dialog>
  )
}

/** The projects in which this person may create tasks: leads see others, too. */
function useOwnProjects() {
  const me = useMe()
  return useProjectChoices()?.filter(({ myRole }) => myRole !== null || me?.role === 'admin')
}

function last(): string | null {
  return localStorage.getItem(LAST)
}

/** What is wanting, before the server is asked. */
function lackingIn(form: Form): Errors {
  return {
    ...(form.projectKey === '' && { projectKey: words.newTask.needsProject }),
    ...(form.description.trim() === '' && { description: words.newTask.needsDescription }),
    ...(priorityOf(form) === null && { priority: words.newTask.priorityHint }),
  }
}

/** What the server says of fields, by the form's. */
function errorsOf(problem: Problem | null): Errors {
  if (problem === null) return {}
  const said = Object.entries(problem.errors).map(([field, messages]) => [
    field.startsWith('agentOptions') ? 'model' : field,
    messages.join(' '),
  ])
  if (problem.status === 404) said.push(['projectKey', detailOf(problem)])
  return Object.fromEntries(said)
}
