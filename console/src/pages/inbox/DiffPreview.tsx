import type { Schemas } from '../../api/client'
import { locale, strings } from '../../i18n'
import { revealInvisible } from '../../lib/format/invisibleChars'
import styles from './Inbox.module.css'

type Change = Schemas['ShortDiff']

/** A summary of a change: its size and, if open, its files and first lines. */
export function DiffPreview({ change, isOpen }: { change: Change; isOpen: boolean }) {
  const rest = change.filesChanged - change.files.length
  if (change.filesChanged === 0) return null
  if (!isOpen) {
    return (
      <p className={styles.of}>
        {strings.gate.files(change.filesChanged)} <LineCounts {...change} />
      </p>
    )
  }
  return (
    <div className={styles.peek}>
      <div className={`mono ${styles.files}`}>
        {change.files.map((file) => (
          <span key={file.path}>
            {revealInvisible(file.path)} <LineCounts {...file} />
          </span>
        ))}
        {rest > 0 && <span className="dim">{strings.inbox.moreFiles(rest)}</span>}
      </div>
      {change.excerpt && <Lines lines={change.excerpt.lines} />}
    </div>
  )
}

const LETTERS = { added: 'a', deleted: 'd', context: undefined } as const

function Lines({ lines }: { lines: Schemas['DiffLine'][] }) {
  return (
    <table className="diff">
      <tbody>
        {lines.map((line) => (
          <tr key={`${line.oldLine}-${line.newLine}`} className={LETTERS[line.type]}>
            <td className="n">{line.newLine ?? line.oldLine}</td>
            <td className="c">{revealInvisible(line.text)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

type Counts = { insertions: number; deletions: number }

/** The numbers of added and deleted lines; nothing if both are 0. */
function LineCounts({ insertions, deletions }: Counts) {
  if (insertions + deletions === 0) return null
  return (
    <>
      <span className="plus">+{insertions.toLocaleString(locale)}</span>{' '}
      <span className="minus">−{deletions.toLocaleString(locale)}</span>
    </>
  )
}
