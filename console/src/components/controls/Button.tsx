import type { ButtonHTMLAttributes } from 'react'

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  /** `main`: the one thing to do in view. `bad`: it destroys something. `quiet`: no border. */
  variant?: 'main' | 'bad' | 'quiet'
  size?: 'tiny' | 'square' | 'tiny square'
  /** The key that does the same, as `aria-keyshortcuts` writes it; shown, not read out. */
  hint?: string | undefined
}

export function Button({ variant, size, hint, className, children, ...rest }: Props) {
  const names = ['btn', variant, size, className].filter(Boolean).join(' ')
  return (
    <button type="button" className={names} aria-keyshortcuts={hint} {...rest}>
      {children}
      {hint && <kbd aria-hidden="true">{hint}</kbd>}
    </button>
  )
}
