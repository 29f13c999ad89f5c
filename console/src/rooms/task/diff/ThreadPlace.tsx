import { seen } from '../../../lib/seen'
import { words } from '../../../words'
import type { Thread } from './placing'
import styles from './Thread.module.css'

/** Of a thread that is not under its lines: where it is or was, and the lines as they were. */
export function ThreadPlace({ thread }: { thread: Thread }) {
  const { place, original, code } = thread
  const said = place.outdated ? original : place
  return (
    <div className={styles.place}>
      <p className="row wrap">
        {place.outdated && <span className="badge">{words.diff.states.outdated}</span>}
        {said.path && <code>{seen(said.path)}</code>}
        {said.line && said.endLine && (
          <span className="dim">
            {place.outdated
              ? words.diff.wasOnLines(said.line, said.endLine)
              : words.diff.onLines(said.line, said.endLine)}
          </span>
        )}
        <span className="dim">
          {place.outdated ? words.diff.outdatedWhy : said.line && words.diff.elsewhere}
        </span>
      </p>
      {code && (
        <pre className={styles.code}>
          {code.lines.map((line, n) => `${code.first + n}  ${seen(line)}`).join('\n')}
        </pre>
      )}
    </div>
  )
}
