import { revealInvisible } from '../../lib/format/invisibleChars'

/** A line of text with its `code` in code style, where there is no space for Markdown. */
export function InlineCode({ text }: { text: string }) {
  return text
    .split(/`([^`\n]+)`/)
    .map((part, place) =>
      place % 2 === 1 ? <code key={place}>{revealInvisible(part)}</code> : revealInvisible(part),
    )
}
