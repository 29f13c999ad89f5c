import { locale, strings } from '../../../../i18n'
import { revealInvisible, revealInvisibleParts } from '../../../../lib/format/invisibleChars'
import { findMixedScripts } from '../../../../lib/format/mixedScripts'
import type { Line } from '../model/rows'
import { type Segment, segments, type Tones } from '../model/segments'
import { changedRanges, type Range } from '../model/wordDiff'
import styles from './Code.module.css'

const unchanged: Range[] = []

/** A line of code in color, with emphasis where it differs from its counterpart. */
export function Code(props: { line: Line; tones: Tones | undefined; other: string | undefined }) {
  const { text } = props.line
  const ranges = props.other === undefined ? unchanged : changedRanges(text, props.other)
  return <CodeText text={text} tones={props.tones} ranges={ranges} />
}

/** The same, for known changes. Marks identifiers of mixed scripts: letters may imitate others. */
export function CodeText(props: { text: string; tones?: Tones | undefined; ranges: Range[] }) {
  const { text, tones, ranges } = props
  const mixed = findMixedScripts(text)
  if (!tones && ranges.length === 0 && mixed.length === 0) return revealInvisible(text)
  const cut = segments(text, tones, ranges, mixed)
  const texts = revealInvisibleParts(cut.map((segment) => segment.text))
  return cut.map((segment, n) => {
    const piece = <CodeSegment key={n} segment={segment} text={texts[n] ?? ''} />
    return segment.isChanged ? <b key={n}>{piece}</b> : piece
  })
}

function CodeSegment({
  segment: { tone, mixed, isEnd },
  text,
}: {
  segment: Segment
  text: string
}) {
  const classes = [tone, mixed && styles.mixed, isEnd && styles.end].filter(Boolean).join(' ')
  if (classes === '') return text
  if (!mixed) return <span className={classes}>{text}</span>
  const scripts = namesOf(mixed.scripts)
  return (
    <span className={classes} title={strings.diff.mixed(scripts)} data-scripts={scripts}>
      {text}
    </span>
  )
}

function namesOf(scripts: string[]): string {
  const names = new Intl.DisplayNames(locale, { type: 'script' })
  return scripts.map((script) => names.of(script) ?? script).join(strings.common.separators.list)
}
