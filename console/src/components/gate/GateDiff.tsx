import { Link } from '@tanstack/react-router'
import { locale, strings } from '../../i18n'
import type { PendingGate } from '../../queries/gates'
import styles from './Gate.module.css'

type Props = { task: { id: number }; gate: PendingGate; diff: NonNullable<PendingGate['diff']> }

/** A summary of the changes that the question is about, with a link to the diff. */
export function GateDiff({ task, diff }: Props) {
  return (
    <p className={`row wrap ${styles.diff}`}>
      <span>{strings.gate.files(diff.filesChanged)}</span>
      <LineCounts insertions={diff.insertions} deletions={diff.deletions} />
      {diff.href && (
        <Link
          className="link"
          to="/tasks/$taskId"
          params={{ taskId: String(task.id) }}
          search={{ view: 'diff' } as never}
        >
          {strings.gate.seeDiff}
        </Link>
      )}
    </p>
  )
}

export function LineCounts({ insertions, deletions }: { insertions: number; deletions: number }) {
  return (
    <span className="delta">
      <span className="plus">+{insertions.toLocaleString(locale)}</span>{' '}
      <span className="minus">−{deletions.toLocaleString(locale)}</span>
    </span>
  )
}
