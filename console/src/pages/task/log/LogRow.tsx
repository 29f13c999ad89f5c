import { type CSSProperties, type MouseEvent, memo } from 'react'
import { strings } from '../../../i18n'
import { revealInvisibleParts } from '../../../lib/format/invisibleChars'
import { type Run, readableInk, type Style } from '../../../lib/log/ansi'
import { highlightRuns } from '../../../lib/log/highlight'
import { lineHash } from '../../../lib/log/lineLink'
import type { LogLine } from '../../../queries/logs'
import styles from './log.module.css'

type Props = {
  number: number
  /** Undefined until it is loaded. */
  line: LogLine | undefined
  runs: Run[]
  query: string
  isSelected: boolean
  onPress: (line: number, isShift: boolean) => void
}

/** A line of the log. Its number is a link to it. */
export const LogRow = memo(function Line({
  number,
  line,
  runs,
  query,
  isSelected,
  onPress,
}: Props) {
  const press = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey) return
    event.preventDefault()
    onPress(number, event.shiftKey)
  }
  const parts = highlightRuns(runs, query)
  const texts = revealInvisibleParts(parts.map(({ text }) => text))
  return (
    <li className={styles.line} aria-current={isSelected || undefined}>
      <a
        className={styles.number}
        href={`#${lineHash({ first: number, last: number })}`}
        aria-label={strings.log.line(number + 1)}
        tabIndex={-1}
        onClick={press}
      >
        {number + 1}
      </a>
      <code>
        {parts.map(({ style, isFound }, place) =>
          isFound ? (
            <mark key={place}>{texts[place]}</mark>
          ) : (
            <span key={place} style={toCss(style)}>
              {texts[place]}
            </span>
          ),
        )}
        {line?.truncated && <i className={styles.cut}>{strings.log.truncated}</i>}
      </code>
    </li>
  )
}, isSame)

function isSame(one: Props, other: Props): boolean {
  return (
    one.line === other.line &&
    one.query === other.query &&
    one.isSelected === other.isSelected &&
    one.number === other.number &&
    one.runs[0]?.style.ink === other.runs[0]?.style.ink &&
    one.onPress === other.onPress
  )
}

function toCss(style: Style): CSSProperties | undefined {
  if (Object.keys(style).length === 0) return undefined
  const [ink, ground] = style.inverse
    ? [style.ground ?? 'var(--term)', style.ink ?? 'var(--term-ink)']
    : [style.ink ?? (style.ground && readableInk(style.ground)), style.ground]
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
