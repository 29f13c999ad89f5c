import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { asProblem, type Problem } from '../../../api/problem'
import { problemText, warningText } from '../../../api/problemText'
import { strings } from '../../../i18n'
import type { Draft } from '../../../queries/drafts'
import { useMe } from '../../../queries/me'
import { useCreateTask } from '../../../queries/newTask'
import { useProjectOptions } from '../../../queries/options'
import { showErrorToast, showToast } from '../../../state/toasts'
import { EMPTY, type Form, firstProject, formOf, isWorthSaving, priorityOf, taskOf } from './form'
import { useDraftAutosave } from './useDraftAutosave'

const LAST_PROJECT_KEY = 'muster-project'
type Errors = Record<string, string | undefined>

/** Holds a new task while you write it. It is saved as a draft, and submitted once. */
export function useNewTaskForm(begun: string) {
  const [written, setForm] = useState<Form>({ ...EMPTY, description: begun })
  const [isTouched, touch] = useState(begun !== '')
  const projects = useOwnProjects()
  const draft = useDraftAutosave()
  const keys = projects?.map(({ key }) => key) ?? []
  const projectKey = written.projectKey || firstProject(keys, lastProject())
  const form = { ...written, projectKey }
  const creation = useCreation(form, () => void draft.done())
  return {
    form,
    projects,
    isTouched,
    isCreating: creation.isPending,
    errors: creation.errors,
    submit: creation.submit,
    change: (some: Partial<Form>) => {
      const after = { ...form, ...some }
      setForm(after)
      touch(true)
      creation.renew()
      draft.later(after)
    },
    resumeDraft: (one: Draft) => {
      draft.resume(one)
      setForm(formOf(one))
      touch(true)
    },
    /** Saves a draft, if there is anything to save. */
    keep: () => {
      if (!isTouched || !isWorthSaving(form)) return
      void draft.flush().then(
        () => showToast(strings.newTask.draftSaved),
        () => showToast(strings.newTask.draftNotSaved),
      )
    },
  }
}

/** Creates the task, only once per form content, and opens it. */
function useCreation(form: Form, onCreated: () => void) {
  const [missing, setMissing] = useState<Errors>({})
  const once = useRef(crypto.randomUUID())
  const create = useCreateTask()
  const navigate = useNavigate()
  const submit = async () => {
    const lacking = missingFields(form)
    setMissing(lacking)
    if (Object.keys(lacking).length > 0 || create.isPending) return
    try {
      const task = await create.mutateAsync({ body: taskOf(form), idempotencyKey: once.current })
      localStorage.setItem(LAST_PROJECT_KEY, form.projectKey)
      onCreated()
      const [warning] = task.warnings
      if (warning) showToast(warningText(warning))
      await navigate({ to: '/tasks/$taskId', params: { taskId: String(task.id) }, search: {} })
    } catch (error) {
      if (Object.keys(asProblem(error).errors).length === 0) showErrorToast(error)
    }
  }
  return {
    submit,
    isPending: create.isPending,
    errors: { ...serverErrors(create.error ? asProblem(create.error) : null), ...missing },
    /** Takes a new idempotency key, because the form now describes another task. */
    renew: () => {
      once.current = crypto.randomUUID()
    },
  }
}

/** Returns the projects in which you can create tasks; leads see others, too. */
function useOwnProjects() {
  const me = useMe()
  return useProjectOptions()?.filter(
    ({ myRole, archivedAt }) => !archivedAt && (myRole !== null || me?.role === 'admin'),
  )
}

function lastProject(): string | null {
  return localStorage.getItem(LAST_PROJECT_KEY)
}

/** Returns what is missing or out of bounds, before the request. */
function missingFields(form: Form): Errors {
  return {
    ...(form.projectKey === '' && { projectKey: strings.newTask.needsProject }),
    ...(form.description.trim() === '' && { description: strings.newTask.needsDescription }),
    ...(priorityOf(form) === null && { priority: strings.newTask.priorityHint }),
  }
}

/** Returns the server's field errors, by the form's fields. */
function serverErrors(problem: Problem | null): Errors {
  if (problem === null) return {}
  const entries = Object.entries(problem.errors).map(([field, messages]) => [
    field.startsWith('agentOptions') ? 'model' : field,
    messages.join(' '),
  ])
  if (problem.status === 404) entries.push(['projectKey', problemText(problem)])
  return Object.fromEntries(entries)
}
