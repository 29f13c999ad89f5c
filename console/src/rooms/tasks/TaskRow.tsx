import { Link } from '@tanstack/react-router'
import { memo, type Ref } from 'react'
import { agentName } from '../../lib/agents'
import { whole } from '../../lib/numbers'
import type { Row } from '../../lib/taskRows'
import { Status } from '../../ui/Status'
import { When } from '../../ui/When'
import { locale, words } from '../../words'
import { reasonOf, shownLook } from './reason'
import { Steps } from './Steps'
import styles from './Tasks.module.css'

const TINTED_MILLISECONDS = 1500

type Props = {
  row: Row
  place: number
  now: number
  isChosen: boolean
  isAt: boolean
  onChoose: (id: number) => void
  onOpen: (id: number) => void
  measure: Ref<HTMLTableRowElement>
}

/** A line of the table; on phones three lines of a card. */
export const TaskRow = memo(function TaskRow(props: Props) {
  const { row, place, isChosen, isAt, onChoose, onOpen } = props
  const { look, isMine } = shownLook(row)
  const asks = look === 'needs' && !isMine ? words.status.needsSomebody : undefined
  const said = { words: words.why, of: words.tasks, units: words.units, locale, now: props.now }
  const reason = reasonOf(row, said)
  return (
    <tr
      ref={props.measure}
      data-index={place}
      aria-rowindex={place + 2}
      aria-selected={isChosen}
      className={[tint(row), isAt && styles.at].filter(Boolean).join(' ')}
      onClick={(event) => {
        const target = event.target as Element
        if (!target.closest('a, input, label, button') && !getSelection()?.toString())
          onOpen(row.id)
      }}
    >
      <td className={styles.pick}>
        <input
          type="checkbox"
          aria-label={words.tasks.select(row.id)}
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
        {row.machineName && <span className="dim">{words.tasks.on(row.machineName)}</span>}
      </td>
      <td className={styles.sg}>
        <Steps row={row} />
      </td>
      <td className={styles.why} title={reason}>
        {reason}
      </td>
      <td className={`${styles.ch} num delta`}>
        <Delta result={row.result} />
      </td>
      <td className={styles.by}>
        <span className="face" title={words.tasks.createdByWhom(row.createdBy.name)}>
          <span aria-hidden="true">{initials(row.createdBy.name)}</span>
          <span className="hidden">{words.tasks.createdByWhom(row.createdBy.name)}</span>
        </span>
      </td>
      <td className={`${styles.ago} num`}>
        <When at={row.updatedAt} />
      </td>
    </tr>
  )
})

function Delta({ result }: { result: Row['result'] }) {
  if (!result?.changed) return null
  return (
    <>
      <span className="plus">+{whole(result.insertions, locale)}</span>{' '}
      <span className="minus">−{whole(result.deletions, locale)}</span>
    </>
  )
}

/** A row that has just changed loses its tint again. Two names for one animation: with another one
 *  it begins anew. */
function tint({ changedAt }: Row): string | undefined {
  if (changedAt === undefined || Date.now() - changedAt > TINTED_MILLISECONDS) return undefined
  return changedAt % 2 === 0 ? styles.changed : styles.changedAgain
}

function initials(name: string): string {
  return name.slice(0, 2).toUpperCase()
}
