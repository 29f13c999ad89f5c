import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { asProblem, type Problem } from '../../../api/problem'
import { problemText, warningText } from '../../../api/problemText'
import { type ImageUploads, useImageUploads } from '../../../components/images/useImageUploads'
import { strings } from '../../../i18n'
import { imageStrings } from '../../../i18n/images'
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
  const uploads = useImageUploads(projectKey)
  const creation = useCreation(form, uploads, () => void draft.done())
  return {
    form,
    uploads,
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
    /** Saves a draft, if there is anything to save; it has no images. */
    keep: () => {
      const { draftSaved, draftWithoutImages, draftNotSaved } = strings.newTask
      const saved = uploads.images.length > 0 ? draftWithoutImages : draftSaved
      if (!creation.isPending) uploads.discard()
      if (!isTouched || !isWorthSaving(form)) return
      void draft.flush().then(
        () => showToast(saved),
        () => showToast(draftNotSaved),
      )
    },
  }
}

/** Creates the task, only once per form content, and opens it. */
function useCreation(form: Form, uploads: ImageUploads, onCreated: () => void) {
  const [missing, setMissing] = useState<Errors>({})
  const once = useRef({ key: crypto.randomUUID(), imageIds: '' })
  const create = useCreateTask()
  const navigate = useNavigate()
  /** Takes a new idempotency key, because the form now describes another task. */
  const renew = (imageIds = '') => {
    once.current = { key: crypto.randomUUID(), imageIds }
  }
  const submit = async () => {
    const lacking = missingFields(form, uploads)
    setMissing(lacking)
    if (Object.keys(lacking).length > 0 || create.isPending || uploads.isUploading) return
    const imageIds = uploads.ids
    if (String(imageIds) !== once.current.imageIds) renew(String(imageIds))
    try {
      const body = { ...taskOf(form), ...(imageIds.length > 0 && { imageIds }) }
      const task = await create.mutateAsync({ body, idempotencyKey: once.current.key })
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
    renew,
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
function missingFields(form: Form, uploads: ImageUploads): Errors {
  return {
    ...(form.projectKey === '' && { projectKey: strings.newTask.needsProject }),
    ...(form.description.trim() === '' && { description: strings.newTask.needsDescription }),
    ...(uploads.hasFailed && { imageIds: imageStrings().failed }),
    ...(priorityOf(form) === null && { priority: strings.newTask.priorityHint }),
  }
}

/** Returns the server's field errors, by the form's fields. */
function serverErrors(problem: Problem | null): Errors {
  if (problem === null) return {}
  const entries = Object.entries(problem.errors).map(([field, messages]) => [
    field.startsWith('agentOptions') ? 'model' : field.replace(/\.\d+$/, ''),
    messages.join(' '),
  ])
  if (problem.status === 404) entries.push(['projectKey', problemText(problem)])
  return Object.fromEntries(entries)
}
