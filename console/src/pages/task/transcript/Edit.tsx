import { useState } from 'react'
import { Button } from '../../../components/controls/Button'
import { LineCounts } from '../../../components/gate/GateDiff'
import { strings } from '../../../i18n'
import { type EditDiff, parseEditDiff } from '../../../lib/diff/editDiff'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { objectsIn, textIn } from '../../../lib/task/entryData'
import type { Entry } from '../../../lib/task/transcript'
import { CodeText } from '../diff/lines/Code'
import { DurationOf } from './DurationOf'
import { Output, TruncatedHint } from './Output'
import styles from './Transcript.module.css'

const EXPANDED_LINES = 16
const MAX_LINES = 200

/** An edit: the files, its size, and its lines. Longer ones are collapsed. */
export function Edit({ taskId, entry }: { taskId: number; entry: Entry }) {
  const files = objectsIn(entry.data, 'files')
  const paths = files.flatMap((file) => textIn(file, 'path') ?? [])
  const isBad = Boolean(entry.data.failed || entry.data.unfinished || entry.state === 'stopped')
  const diff = parseEditDiff(isBad ? '' : entry.text)
  const count = diff.hunks.reduce((sum, hunk) => sum + hunk.length, 0)
  const [isOpen, setOpen] = useState(count <= EXPANDED_LINES)
  return (
    <>
      <div className={styles.headLine}>
        <code>
          {paths.length > 0 ? paths.map(revealInvisible).join(', ') : revealInvisible(entry.title)}
        </code>
        {files[0]?.change === 'add' && <span className="badge">{strings.transcript.newFile}</span>}
        {files[0]?.change === 'delete' && (
          <span className="badge">{strings.transcript.deletedFile}</span>
        )}
        {isBad && (
          <span className="badge" data-is="failed">
            {strings.transcript.failed}
          </span>
        )}
        {entry.state === 'running' && (
          <DurationOf taskId={taskId} entry={entry} milliseconds={null} />
        )}
        {count > 0 && <LineCounts insertions={diff.added} deletions={diff.deleted} />}
        {count > EXPANDED_LINES && (
          <Button
            variant="quiet"
            size="tiny"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? strings.transcript.hideTools : strings.transcript.showTools}
          </Button>
        )}
      </div>
      {isBad && <Output entry={entry} lines={4} />}
      {isOpen && count > 0 && <Lines diff={diff} />}
      <TruncatedHint entry={entry} />
    </>
  )
}

function Lines({ diff }: { diff: EditDiff }) {
  const lines = diff.hunks.flat().slice(0, MAX_LINES)
  return (
    <div className={styles.smallDiff}>
      <table className="diff">
        <tbody>
          {lines.map((line, place) => {
            const [start, changed] = line.parts
            const end = start.length + changed.length
            return (
              <tr key={place} className={{ same: '', added: 'a', deleted: 'd' }[line.kind]}>
                <td className="n">{line.after ?? line.before}</td>
                <td className="c">
                  <CodeText
                    text={line.parts.join('')}
                    ranges={changed ? [[start.length, end]] : []}
                  />
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
