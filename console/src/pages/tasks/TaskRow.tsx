import { Link } from '@tanstack/react-router'
import { type MouseEvent, memo, type Ref } from 'react'
import { useTicking } from '../../components/hooks/useNow'
import { RelativeTime } from '../../components/status/RelativeTime'
import { Status } from '../../components/status/Status'
import { locale, strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { formatInteger } from '../../lib/format/numbers'
import { isInTerminal } from '../../lib/task/displayStatus'
import type { Row } from '../../lib/task/tableRows'
import { rowDisplayStatus, rowStatusText } from './rowStatus'
import { StageSteps } from './StageSteps'
import styles from './Tasks.module.css'

const HIGHLIGHT_MILLISECONDS = 1500

type Props = {
  row: Row
  index: number
  isChosen: boolean
  isAt: boolean
  onChoose: (id: number) => void
  onOpen: (id: number) => void
  measure: Ref<HTMLTableRowElement>
}

/** A row of the table; on phones, a card of three lines. */
export const TaskRow = memo(function TaskRow(props: Props) {
  const { row, index, isChosen, isAt, onChoose, onOpen } = props
  const { look, isMine } = rowDisplayStatus(row)
  const asks = look === 'needs' && !isMine ? strings.status.needsAnswer : undefined
  return (
    <tr
      ref={props.measure}
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      className={[changeClass(row), isAt && styles.at].filter(Boolean).join(' ')}
      onClick={(event) => isOnRow(event) && onOpen(row.id)}
    >
      <td className={styles.pick}>
        <input
          type="checkbox"
          aria-label={strings.tasks.select(row.id)}
          checked={isChosen}
          onChange={() => onChoose(row.id)}
        />
      </td>
      <td className={styles.st}>
        <Status look={look} {...(asks && { word: asks })} />
      </td>
      <td className={styles.title}>
        <span className={styles.id}>#{row.id}</span>
        <Link to="/tasks/$taskId" params={{ taskId: String(row.id) }}>
          {row.title}
        </Link>
      </td>
      <td className={styles.pr}>{row.projectKey}</td>
      <td className={styles.ag}>
        {agentName(row.agentType)}{' '}
        {row.machineName && <span className="dim">{strings.tasks.on(row.machineName)}</span>}
      </td>
      <td className={styles.sg}>
        <StageSteps row={row} />
      </td>
      <ReasonCell row={row} />
      <td className={`${styles.ch} num delta`}>
        <LineCounts result={row.result} />
      </td>
      <CreatorCell name={row.createdBy.name} />
      <td className={`${styles.ago} num`}>
        <RelativeTime at={row.updatedAt} />
      </td>
    </tr>
  )
})

/** Whether the click was on the row itself: not on a control in it, and not to select text. */
function isOnRow({ target }: MouseEvent): boolean {
  return !(target as Element).closest('a, input, label, button') && !getSelection()?.toString()
}

function ReasonCell({ row }: { row: Row }) {
  const { statusText: words, gate: gateWords, tasks: of, units } = strings
  const reason = useTicking((now) =>
    rowStatusText(row, { words, gateWords, of, units, locale, now }),
  )
  return (
    <td className={styles.why} title={reason}>
      {isInTerminal(row) ? (
        <Link
          to="/tasks/$taskId"
          params={{ taskId: String(row.id) }}
          search={{ view: 'terminal' } as never}
        >
          {reason}
        </Link>
      ) : (
        reason
      )}
    </td>
  )
}

function CreatorCell({ name }: { name: string }) {
  const text = strings.tasks.createdByWhom(name)
  return (
    <td className={styles.by}>
      <span className="face" title={text}>
        <span aria-hidden="true">{initials(name)}</span>
        <span className="hidden">{text}</span>
      </span>
    </td>
  )
}

function LineCounts({ result }: { result: Row['result'] }) {
  if (!result?.changed) return null
  return (
    <>
      <span className="plus">+{formatInteger(result.insertions, locale)}</span>{' '}
      <span className="minus">−{formatInteger(result.deletions, locale)}</span>
    </>
  )
}

/** Returns the class that highlights a row just changed, for a while. Alternates between two names
 *  of one animation, because a new name restarts it. */
function changeClass({ changedAt }: Row): string | undefined {
  if (changedAt === undefined || Date.now() - changedAt > HIGHLIGHT_MILLISECONDS) return undefined
  return changedAt % 2 === 0 ? styles.changed : styles.changedAgain
}

function initials(name: string): string {
  return name.slice(0, 2).toUpperCase()
}
