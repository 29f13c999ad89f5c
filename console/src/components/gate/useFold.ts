import { type KeyboardEvent, type RefObject, useRef, useState } from 'react'

/** Holds whether a folded question is opened over the page. What you are writing into stays open. */
export function useFold(isFolded: boolean) {
  const box = useRef<HTMLElement>(null)
  const [isOpen, open] = useState(false)
  const [wasFolded, setWasFolded] = useState(isFolded)
  if (isFolded !== wasFolded) {
    setWasFolded(isFolded)
    open(isFolded && isWritingIn(box))
  }
  const closeOnEscape = (event: KeyboardEvent) => {
    // Not for a dialog's keys, which bubble in React only.
    const isOwn = event.target instanceof Node && box.current?.contains(event.target)
    if (event.key !== 'Escape' || !isOpen || !isOwn) return
    open(false)
    box.current?.querySelector<HTMLElement>('[aria-expanded]')?.focus()
  }
  const form: 'line' | 'open' | undefined = isFolded ? (isOpen ? 'open' : 'line') : undefined
  return { box, form, open, closeOnEscape }
}

function isWritingIn(box: RefObject<HTMLElement | null>): boolean {
  const { activeElement } = document
  return Boolean(activeElement?.matches('textarea, input') && box.current?.contains(activeElement))
}
