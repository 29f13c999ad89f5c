import { seen } from '../../../lib/seen'
import { changed, type Range } from './pairs'
import type { Line } from './rows'
import { segments, type Tones } from './segments'

const unchanged: Range[] = []

/** A line's text, coloured, and stronger where it differs from the line that it was or became. */
export function Code(props: { line: Line; tones: Tones | undefined; other: string | undefined }) {
  const { text } = props.line
  const ranges = props.other === undefined ? unchanged : changed(text, props.other)
  if (!props.tones && ranges.length === 0) return seen(text)
  return segments(text, props.tones, ranges).map(({ text, tone, isChanged }, n) => {
    const coloured = tone ? (
      <span key={n} className={tone}>
        {seen(text)}
      </span>
    ) : (
      seen(text)
    )
    return isChanged ? <b key={n}>{coloured}</b> : coloured
  })
}
