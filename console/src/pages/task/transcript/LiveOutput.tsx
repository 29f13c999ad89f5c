import { revealInvisible } from '../../../lib/format/invisibleChars'
import { lastLines } from '../../../lib/task/liveText'
import type { Entry } from '../../../lib/task/transcript'
import { useLiveOutput } from '../../../queries/liveText'
import styles from './Transcript.module.css'

const LINES = 12

/** The end of what a running command has printed. Not announced: its result is. */
export function LiveOutput({ taskId, entry }: { taskId: number; entry: Entry }) {
  const output = useLiveOutput(taskId, entry)
  if (!output?.trim()) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: focusable so that a keyboard can scroll it
    <pre className={styles.out} tabIndex={0}>
      {revealInvisible(lastLines(output, LINES))}
    </pre>
  )
}
