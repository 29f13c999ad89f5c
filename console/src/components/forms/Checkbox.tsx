import { type InputHTMLAttributes, type ReactNode, useId } from 'react'

type Props = InputHTMLAttributes<HTMLInputElement> & { label: ReactNode; hint?: ReactNode }

/** A box (or, with `type="radio"`, one of several) that can be pressed by its words. */
export function Checkbox({ label, hint, type = 'checkbox', ...rest }: Props) {
  const id = useId()
  return (
    <label className="pick">
      <input type={type} aria-describedby={hint ? id : undefined} {...rest} />
      <span>
        {label}
        {hint && (
          <span className="hint" id={id}>
            {hint}
          </span>
        )}
      </span>
    </label>
  )
}
