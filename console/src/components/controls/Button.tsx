import type { ButtonHTMLAttributes } from 'react'

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  /** `main`: the view's primary action. `bad`: a destructive action. `quiet`: no border. */
  variant?: 'main' | 'bad' | 'quiet'
  size?: 'tiny' | 'square' | 'tiny square'
  /** The keyboard shortcut in the syntax of `aria-keyshortcuts`; displayed, but hidden from screen
   *  readers. */
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
