import { useMutation } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { asProblem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { strings } from '../../i18n'
import { fieldItem } from '../../lib/form/fieldItem'

export type FormValues = {
  /** A field's text, trimmed. */
  text: (name: string) => string
  /** A field's text, not trimmed: for passwords and keys. */
  exact: (name: string) => string
  isChecked: (name: string) => boolean
  all: (name: string) => string[]
}

export type Form = ReturnType<typeof useForm>

/** Manages a form: submits its values, and tracks whether the request is pending and which fields
 *  the server rejected. */
export function useForm<T>(act: (given: FormValues) => Promise<T>, done?: (result: T) => void) {
  const sending = useMutation({ mutationFn: act, ...(done && { onSuccess: done }) })
  const problem = sending.error ? asProblem(sending.error) : null
  const displayed = new Set<string>()
  return {
    isBusy: sending.isPending,
    problem,
    /** The errors of a field. */
    errorOf: (field: string) => {
      displayed.add(field)
      return problem?.errors[field]?.join(' ')
    },
    /** The errors of a field and of what it contains, such as the lines of a list. */
    errorIn: (field: string) => {
      const found = Object.entries(problem?.errors ?? {}).filter(([name]) =>
        `${name}.`.startsWith(`${field}.`),
      )
      for (const [name] of found) displayed.add(name)
      const texts = found.flatMap(([name, messages]) =>
        messages.map((message) => itemMessage(fieldItem(field, name), message)),
      )
      return [...new Set(texts)].join(' ') || undefined
    },
    /** The errors that belong to no displayed field; call it after all `errorOf` and `errorIn`. */
    rest: () => otherErrors(problem, displayed),
    onSubmit: (event: FormEvent<HTMLFormElement>) => {
      event.preventDefault()
      event.stopPropagation()
      if (!sending.isPending) sending.mutate(readFormValues(new FormData(event.currentTarget)))
    },
  }
}

function itemMessage(item: string | number | null, message: string): string {
  if (item === null) return message
  return `${typeof item === 'number' ? strings.forms.entry(item + 1) : item}${strings.common.separators.colon}${message}`
}

function otherErrors(problem: ReturnType<typeof asProblem> | null, displayed: Set<string>) {
  if (problem === null) return undefined
  const errors = Object.entries(problem.errors)
  if (errors.length === 0) return problemText(problem)
  const rest = errors.filter(([field]) => !displayed.has(field))
  return (
    rest
      .map(([field, found]) => `${field}${strings.common.separators.colon}${found.join(' ')}`)
      .join(' ') || undefined
  )
}

/** Reads the values of a form, for other buttons than its submit button. */
export const readForm = (form?: HTMLFormElement): FormValues => readFormValues(new FormData(form))

function readFormValues(form: FormData): FormValues {
  const exact = (name: string) => String(form.get(name) ?? '')
  return {
    exact,
    text: (name) => exact(name).trim(),
    isChecked: (name) => form.get(name) !== null,
    all: (name) => form.getAll(name).map(String),
  }
}
