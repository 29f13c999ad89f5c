import { strings } from '../../../../i18n'
import { revealInvisible } from '../../../../lib/format/invisibleChars'
import type { Thread } from '../model/threadPositions'
import styles from './Thread.module.css'

/** The current or original position of a thread that isn't under its lines, and its code. */
export function ThreadPosition({ thread }: { thread: Thread }) {
  const { position, original, code } = thread
  const place = position.outdated ? original : position
  return (
    <div className={styles.place}>
      <p className="row wrap">
        {position.outdated && <span className="badge">{strings.diff.states.outdated}</span>}
        {place.path && <code>{revealInvisible(place.path)}</code>}
        {place.line && place.endLine && (
          <span className="dim">
            {position.outdated
              ? strings.diff.wasOnLines(place.line, place.endLine)
              : strings.diff.onLines(place.line, place.endLine)}
          </span>
        )}
        <span className="dim">
          {position.outdated ? strings.diff.outdatedWhy : place.line && strings.diff.elsewhere}
        </span>
      </p>
      {code && (
        <pre className={styles.code}>
          {code.lines.map((line, n) => `${code.first + n}  ${revealInvisible(line)}`).join('\n')}
        </pre>
      )}
    </div>
  )
}
