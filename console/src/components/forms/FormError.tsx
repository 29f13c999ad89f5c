import { asProblem } from '../../api/problem'
import { strings } from '../../i18n'
import { StatusIcon } from '../status/Status'
import type { Form } from './useForm'

/** The errors of a form that no field shows. */
export function FormError({ form }: { form: Form }) {
  const wrong = form.rest()
  if (!wrong) return null
  const isAway = form.problem && asProblem(form.problem).code === 'unreachable'
  return <ErrorLine text={isAway ? strings.common.unreachable : wrong} />
}

export function ErrorLine({ text, id }: { text: string; id?: string }) {
  return (
    <p className="error" role="alert" id={id}>
      <StatusIcon look="failed" />
      <span>{text}</span>
    </p>
  )
}
