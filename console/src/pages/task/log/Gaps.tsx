import { useQuery } from '@tanstack/react-query'
import { Button } from '../../../components/controls/Button'
import { locale, strings } from '../../../i18n'
import { formatBytes, formatInteger } from '../../../lib/format/numbers'
import { logGaps } from '../../../queries/logs'
import styles from './log.module.css'

type Props = { taskId: number; attempt: number; hasLines: boolean; go: (byte: number) => void }

const MAX_SHOWN = 5

/** The byte ranges that the machine has lost, if any. */
export function Gaps({ taskId, attempt, hasLines, go }: Props) {
  const { data: gaps } = useQuery({ ...logGaps(taskId, attempt), enabled: hasLines })
  if (!gaps || gaps.length === 0) return null
  const lost = gaps.reduce((sum, { from, to }) => sum + to - from, 0)
  return (
    <p className={styles.gaps} role="note">
      {strings.log.lost(formatBytes(lost, locale), gaps.length)}
      {gaps.slice(0, MAX_SHOWN).map(({ from, to }) => (
        <Button key={from} variant="quiet" size="tiny" onClick={() => go(from)}>
          {strings.log.span(formatInteger(from, locale), formatInteger(to, locale))}
        </Button>
      ))}
    </p>
  )
}
