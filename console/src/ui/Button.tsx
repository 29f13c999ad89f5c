import type { ButtonHTMLAttributes } from 'react'

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  /** `main`: the one thing to do in view. `bad`: it destroys something. `quiet`: no border. */
  look?: 'main' | 'bad' | 'quiet'
  size?: 'tiny' | 'square' | 'tiny square'
  /** The key that does the same, as `aria-keyshortcuts` writes it; shown, not read out. */
  hint?: string | undefined
}

export function Button({ look, size, hint, className, children, ...rest }: Props) {
  const names = ['btn', look, size, className].filter(Boolean).join(' ')
  return (
    <button type="button" className={names} aria-keyshortcuts={hint} {...rest}>
      {children}
      {hint && <kbd aria-hidden="true">{hint}</kbd>}
    </button>
  )
}
