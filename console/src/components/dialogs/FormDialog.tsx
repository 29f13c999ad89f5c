import { type ReactNode, useId } from 'react'
import { strings } from '../../i18n'
import { Button } from '../controls/Button'
import { FormError } from '../forms/FormError'
import { type Form, type FormValues, useForm } from '../forms/useForm'
import { Dialog } from './Dialog'

const FIELDS = 'input:not([type=hidden]):enabled, textarea:enabled, select:enabled'

/** A dialog with fields and a submit button. The focus starts in the first field. */
export function FormDialog<T>(props: {
  title: string
  submit: string
  /** The name of the button that closes it. */
  cancel?: string
  isBad?: boolean
  act: (given: FormValues) => Promise<T>
  done: (result: T) => void
  onClose: () => void
  children?: ReactNode | ((form: Form) => ReactNode)
}) {
  const id = useId()
  const form = useForm(props.act, props.done)
  const fields = typeof props.children === 'function' ? props.children(form) : props.children
  return (
    <Dialog
      isOpen
      title={props.title}
      onClose={props.onClose}
      first={() => document.getElementById(id)?.querySelector<HTMLElement>(FIELDS) ?? null}
      foot={
        <>
          <Button
            variant={props.isBad ? 'bad' : 'main'}
            type="submit"
            form={id}
            disabled={form.isBusy}
          >
            {props.submit}
          </Button>
          <Button onClick={props.onClose}>{props.cancel ?? strings.common.cancel}</Button>
        </>
      }
    >
      <form id={id} className="stack" onSubmit={form.onSubmit}>
        {fields}
        <FormError form={form} />
      </form>
    </Dialog>
  )
}
