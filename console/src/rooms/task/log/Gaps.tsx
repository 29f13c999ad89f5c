import { useQuery } from '@tanstack/react-query'
import { bytes, whole } from '../../../lib/numbers'
import { logGaps } from '../../../queries/logs'
import { Button } from '../../../ui/Button'
import { locale, words } from '../../../words'
import styles from './log.module.css'

type Props = { taskId: number; attempt: number; hasLines: boolean; go: (byte: number) => void }

const SHOWN = 5

/** Which bytes the machine has lost, if any. */
export function Gaps({ taskId, attempt, hasLines, go }: Props) {
  const { data: gaps } = useQuery({ ...logGaps(taskId, attempt), enabled: hasLines })
  if (!gaps || gaps.length === 0) return null
  const lost = gaps.reduce((sum, { from, to }) => sum + to - from, 0)
  return (
    <p className={styles.gaps} role="note">
      {words.log.lost(bytes(lost, locale), gaps.length)}
      {gaps.slice(0, SHOWN).map(({ from, to }) => (
        <Button key={from} look="quiet" size="tiny" onClick={() => go(from)}>
          {words.log.span(whole(from, locale), whole(to, locale))}
        </Button>
      ))}
    </p>
  )
}
