import { type InputHTMLAttributes, type ReactNode, useId } from 'react'

type Props = InputHTMLAttributes<HTMLInputElement> & { label: ReactNode; hint?: ReactNode }

/** A checkbox (or, with `type="radio"`, a radio button) with a clickable label. */
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
