import { useEffect, useRef } from 'react'
import { asProblem } from '../../../api/problem'
import { type Draft, useDraftActions } from '../../../queries/drafts'
import { draftOf, type Form, isWorthSaving } from './form'

const AUTOSAVE_MILLISECONDS = 800

/** Saves the form as a draft on the server: shortly after a change, when the tab is hidden, and
 *  when the form closes. Deletes a draft that became empty. Sends one request after the other, so
 *  that no draft is created twice. */
export function useDraftAutosave() {
  const { save: keep, remove } = useDraftActions()
  const id = useRef<number | null>(null)
  const unsaved = useRef<Form | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const line = useRef<Promise<void>>(Promise.resolve())

  const save = async () => {
    const form = unsaved.current
    unsaved.current = null
    if (!form) return
    if (!isWorthSaving(form)) return await forget()
    try {
      id.current = await keep(id.current, draftOf(form))
    } catch (error) {
      // Deleted elsewhere in the meantime: save it as a new draft.
      if (asProblem(error).status !== 404) throw error
      id.current = await keep(null, draftOf(form))
    }
  }
  const forget = async () => {
    const forgotten = id.current
    id.current = null
    if (forgotten !== null) await remove(forgotten).catch(() => undefined)
  }
  const flush = (): Promise<void> => {
    clearTimeout(timer.current)
    line.current = line.current.catch(() => undefined).then(save)
    return line.current
  }
  useFlushWhenHidden(flush)
  return {
    later: (form: Form) => {
      unsaved.current = form
      clearTimeout(timer.current)
      timer.current = setTimeout(() => void flush().catch(() => undefined), AUTOSAVE_MILLISECONDS)
    },
    /** Throws a Problem. */
    flush,
    isSaved: () => id.current !== null,
    resume: (draft: Draft) => {
      id.current = draft.id
      unsaved.current = null
    },
    /** Deletes the draft, which has become a task. */
    done: async () => {
      clearTimeout(timer.current)
      unsaved.current = null
      await line.current.catch(() => undefined)
      await forget()
    },
  }
}

function useFlushWhenHidden(flush: () => Promise<void>): void {
  const now = useRef(flush)
  now.current = flush
  useEffect(() => {
    const hidden = () => {
      if (document.visibilityState === 'hidden') void now.current().catch(() => undefined)
    }
    document.addEventListener('visibilitychange', hidden)
    return () => document.removeEventListener('visibilitychange', hidden)
  }, [])
}
