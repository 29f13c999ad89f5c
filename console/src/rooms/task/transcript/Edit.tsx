import { useState } from 'react'
import { objectsIn, textIn } from '../../../lib/entryData'
import { seen } from '../../../lib/seen'
import { type SmallDiff, smallDiff } from '../../../lib/smallDiff'
import type { Entry } from '../../../lib/transcript'
import { Button } from '../../../ui/Button'
import { words } from '../../../words'
import { Delta } from '../../gate/GateDiff'
import { Pieces } from '../diff/Code'
import { Output, RestInLog } from './Output'
import styles from './Transcript.module.css'

const OPEN_LINES = 16
const MOST_LINES = 200

/** An edit: which files, how much, and what. Longer ones are folded. */
export function Edit({ entry }: { entry: Entry }) {
  const files = objectsIn(entry.data, 'files')
  const paths = files.flatMap((file) => textIn(file, 'path') ?? [])
  const isBad = Boolean(entry.data.failed || entry.data.unfinished)
  const diff = smallDiff(isBad ? '' : entry.text)
  const count = diff.hunks.reduce((sum, hunk) => sum + hunk.length, 0)
  const [isOpen, setOpen] = useState(count <= OPEN_LINES)
  return (
    <>
      <div className={styles.headLine}>
        <code>{paths.length > 0 ? paths.map(seen).join(', ') : seen(entry.title)}</code>
        {files[0]?.change === 'add' && <span className="badge">{words.transcript.newFile}</span>}
        {files[0]?.change === 'delete' && (
          <span className="badge">{words.transcript.deletedFile}</span>
        )}
        {isBad && (
          <span className="badge" data-is="failed">
            {words.transcript.failed}
          </span>
        )}
        {count > 0 && <Delta insertions={diff.added} deletions={diff.deleted} />}
        {count > OPEN_LINES && (
          <Button look="quiet" size="tiny" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? words.transcript.hideTools : words.transcript.showTools}
          </Button>
        )}
      </div>
      {isBad && <Output entry={entry} lines={4} />}
      {isOpen && count > 0 && <Lines diff={diff} />}
      <RestInLog entry={entry} />
    </>
  )
}

function Lines({ diff }: { diff: SmallDiff }) {
  const lines = diff.hunks.flat().slice(0, MOST_LINES)
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
                  <Pieces
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
