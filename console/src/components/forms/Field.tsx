import { cloneElement, type ReactElement, useId } from 'react'

type Control = ReactElement<{
  id?: string
  'aria-describedby'?: string
  'aria-invalid'?: boolean
}>

/** A control with its label, a hint and its error. */
export function Field(props: {
  label: string
  hint?: string
  error?: string | undefined
  children: Control
}) {
  const id = useId()
  const described = [props.hint && `${id}-hint`, props.error && `${id}-error`].filter(Boolean)
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      {cloneElement(props.children, {
        id,
        'aria-describedby': described.join(' ') || undefined,
        'aria-invalid': props.error ? true : undefined,
      })}
      {props.hint && (
        <span className="hint" id={`${id}-hint`}>
          {props.hint}
        </span>
      )}
      {props.error && (
        <span className="error" id={`${id}-error`} role="alert">
          {props.error}
        </span>
      )}
    </div>
  )
}
