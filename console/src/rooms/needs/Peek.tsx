import type { Schemas } from '../../api/client'
import { seen } from '../../lib/seen'
import { locale, words } from '../../words'
import styles from './Needs.module.css'

type Change = Schemas['ShortDiff']

/** A change in short: how much it is and, where it is open, its files and the first lines of it. */
export function Peek({ change, isOpen }: { change: Change; isOpen: boolean }) {
  const rest = change.filesChanged - change.files.length
  if (change.filesChanged === 0) return null
  if (!isOpen) {
    return (
      <p className={styles.of}>
        {words.gate.files(change.filesChanged)} <Delta {...change} />
      </p>
    )
  }
  return (
    <div className={styles.peek}>
      <div className={`mono ${styles.files}`}>
        {change.files.map((file) => (
          <span key={file.path}>
            {seen(file.path)} <Delta {...file} />
          </span>
        ))}
        {rest > 0 && <span className="dim">{words.needs.moreFiles(rest)}</span>}
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
            <td className="c">{seen(line.text)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

type Counts = { insertions: number; deletions: number }

/** How many lines came and went; nothing of a file that has none. */
function Delta({ insertions, deletions }: Counts) {
  if (insertions + deletions === 0) return null
  return (
    <>
      <span className="plus">+{insertions.toLocaleString(locale)}</span>{' '}
      <span className="minus">−{deletions.toLocaleString(locale)}</span>
    </>
  )
}
