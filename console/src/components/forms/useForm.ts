import { useMutation } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { asProblem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { strings } from '../../i18n'
import { fieldItem } from '../../lib/form/fieldItem'

export type FormValues = {
  /** A field's text, without white space around it. */
  text: (name: string) => string
  /** A field's text as it is: passwords and keys. */
  exact: (name: string) => string
  isChecked: (name: string) => boolean
  all: (name: string) => string[]
}

export type Form = ReturnType<typeof useForm>

/** A form: what is sent, whether it is on its way, and what the server finds wrong, by field. */
export function useForm<T>(act: (given: FormValues) => Promise<T>, done?: (result: T) => void) {
  const sending = useMutation({ mutationFn: act, ...(done && { onSuccess: done }) })
  const problem = sending.error ? asProblem(sending.error) : null
  const shown = new Set<string>()
  return {
    isBusy: sending.isPending,
    problem,
    /** What is wrong with a field. */
    errorOf: (field: string) => {
      shown.add(field)
      return problem?.errors[field]?.join(' ')
    },
    /** What is wrong with a field or with what is in it, such as a line of its list. */
    errorIn: (field: string) => {
      const found = Object.entries(problem?.errors ?? {}).filter(([name]) =>
        `${name}.`.startsWith(`${field}.`),
      )
      for (const [name] of found) shown.add(name)
      const said = found.flatMap(([name, messages]) =>
        messages.map((message) => itemMessage(fieldItem(field, name), message)),
      )
      return [...new Set(said)].join(' ') || undefined
    },
    /** What is wrong with nothing that has a field of its own; asked for after the fields. */
    rest: () => otherErrors(problem, shown),
    onSubmit: (event: FormEvent<HTMLFormElement>) => {
      event.preventDefault()
      event.stopPropagation()
      if (!sending.isPending) sending.mutate(readFormValues(new FormData(event.currentTarget)))
    },
  }
}

function itemMessage(item: string | number | null, message: string): string {
  if (item === null) return message
  return `${typeof item === 'number' ? strings.forms.entry(item + 1) : item}: ${message}`
}

function otherErrors(problem: ReturnType<typeof asProblem> | null, shown: Set<string>) {
  if (problem === null) return undefined
  const errors = Object.entries(problem.errors)
  if (errors.length === 0) return problemText(problem)
  const rest = errors.filter(([field]) => !shown.has(field))
  return rest.map(([field, found]) => `${field}: ${found.join(' ')}`).join(' ') || undefined
}

function readFormValues(form: FormData): FormValues {
  const exact = (name: string) => String(form.get(name) ?? '')
  return {
    exact,
    text: (name) => exact(name).trim(),
    isChecked: (name) => form.get(name) !== null,
    all: (name) => form.getAll(name).map(String),
  }
}
