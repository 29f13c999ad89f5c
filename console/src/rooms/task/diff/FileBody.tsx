import type { Schemas } from '../../../api/client'
import { words } from '../../../words'
import styles from './FileBox.module.css'
import { isPicture, Pictures } from './Pictures'
import type { OfFile } from './placing'
import { Rows } from './Rows'

type Props = { file: Schemas['DiffFile']; own: OfFile; isNear: boolean }

/** What changed in a file: its lines, its pictures, or why neither is shown. */
export function FileBody({ file, own, isNear }: Props) {
  const said = notShown(file)
  return (
    <>
      {said && <p className={styles.said}>{said}</p>}
      {file.binary && isPicture(file.path) && <Pictures file={file} />}
      {file.hunks.length > 0 && <Rows file={file} own={own} isNear={isNear} />}
    </>
  )
}

function notShown(file: Schemas['DiffFile']): string | null {
  const { leftOut, mode, oldMode } = file
  if (leftOut === 'size') return words.diff.fileLeftOut.size
  if (leftOut === 'contents') return words.diff.fileLeftOut.contents
  if (leftOut === 'limits') return words.diff.fileLeftOut.limits
  if (leftOut) return words.diff.fileLeftOut.other
  if (file.binary) return isPicture(file.path) ? null : words.diff.binary
  if (file.hunks.length > 0) return null
  if (mode && oldMode && mode !== oldMode) return words.diff.modeAlone(oldMode, mode)
  if (file.status === 'renamed' || file.status === 'copied') return words.diff.movedAlone
  return words.diff.empty
}
