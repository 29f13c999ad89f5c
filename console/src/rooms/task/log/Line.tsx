import { type CSSProperties, type MouseEvent, memo } from 'react'
import { inkOn, type Run, type Style } from '../../../lib/ansi'
import { hashOf } from '../../../lib/lineLink'
import { marked } from '../../../lib/marks'
import { seenPieces } from '../../../lib/seen'
import type { LogLine } from '../../../queries/logs'
import { words } from '../../../words'
import styles from './log.module.css'

type Props = {
  number: number
  /** Undefined until it is there. */
  line: LogLine | undefined
  runs: Run[]
  sought: string
  isMeant: boolean
  onPress: (line: number, isShift: boolean) => void
}

/** A line with its number, which is a link to it. */
export const Line = memo(function Line({ number, line, runs, sought, isMeant, onPress }: Props) {
  const press = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey) return
    event.preventDefault()
    onPress(number, event.shiftKey)
  }
  const parts = marked(runs, sought)
  const shown = seenPieces(parts.map(({ text }) => text))
  return (
    <li className={styles.line} aria-current={isMeant || undefined}>
      <a
        className={styles.number}
        href={`#${hashOf({ first: number, last: number })}`}
        aria-label={words.log.line(number + 1)}
        tabIndex={-1}
        onClick={press}
      >
        {number + 1}
      </a>
      <code>
        {parts.map(({ style, isFound }, place) =>
          isFound ? (
            <mark key={place}>{shown[place]}</mark>
          ) : (
            <span key={place} style={css(style)}>
              {shown[place]}
            </span>
          ),
        )}
        {line?.truncated && <i className={styles.cut}>{words.log.truncated}</i>}
      </code>
    </li>
  )
}, isSame)

function isSame(one: Props, other: Props): boolean {
  return (
    one.line === other.line &&
    one.sought === other.sought &&
    one.isMeant === other.isMeant &&
    one.number === other.number &&
    one.runs[0]?.style.ink === other.runs[0]?.style.ink &&
    one.onPress === other.onPress
  )
}

function css(style: Style): CSSProperties | undefined {
  if (Object.keys(style).length === 0) return undefined
  const [ink, ground] = style.inverse
    ? [style.ground ?? 'var(--term)', style.ink ?? 'var(--term-ink)']
    : [style.ink ?? (style.ground && inkOn(style.ground)), style.ground]
  const lines = [style.underline && 'underline', style.strike && 'line-through'].filter(Boolean)
  return {
    color: ink,
    background: ground,
    fontWeight: style.bold ? 600 : undefined,
    fontStyle: style.italic ? 'italic' : undefined,
    opacity: style.dim ? 0.75 : undefined,
    textDecoration: lines.join(' ') || undefined,
  }
}
