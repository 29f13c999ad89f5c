import type { Schemas } from '../../../../api/client'
import { strings } from '../../../../i18n'
import { DiffRows } from '../lines/DiffRows'
import type { FileThreads } from '../model/threadPositions'
import styles from './FileBox.module.css'
import { ImageDiff, isImage } from './ImageDiff'

type Props = { file: Schemas['DiffFile']; own: FileThreads; isNear: boolean }

/** The changes in a file: its lines, its images, or why neither is shown. */
export function FileBody({ file, own, isNear }: Props) {
  const reason = hiddenReason(file)
  return (
    <>
      {reason && <p className={styles.said}>{reason}</p>}
      {file.binary && isImage(file.path) && <ImageDiff file={file} />}
      {file.hunks.length > 0 && <DiffRows file={file} own={own} isNear={isNear} />}
    </>
  )
}

function hiddenReason(file: Schemas['DiffFile']): string | null {
  const { leftOut, mode, oldMode } = file
  if (leftOut === 'size') return strings.diff.fileLeftOut.size
  if (leftOut === 'contents') return strings.diff.fileLeftOut.contents
  if (leftOut === 'limits') return strings.diff.fileLeftOut.limits
  if (leftOut) return strings.diff.fileLeftOut.other
  if (file.binary) return isImage(file.path) ? null : strings.diff.binary
  if (file.hunks.length > 0) return null
  if (mode && oldMode && mode !== oldMode) return strings.diff.modeAlone(oldMode, mode)
  if (file.status === 'renamed' || file.status === 'copied') return strings.diff.movedAlone
  return strings.diff.empty
}
