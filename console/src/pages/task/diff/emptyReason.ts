import type { Schemas } from '../../../api/client'
import { strings } from '../../../i18n'

/** Returns why there are no files to show. */
export function emptyReason(diff: Schemas['TaskDiff'], ignoresSpace: boolean): string {
  const { leftOut } = diff
  if (leftOut === 'size' || leftOut === 'files' || leftOut === 'expired') {
    return strings.diff.leftOut[leftOut]
  }
  if (leftOut) return strings.diff.leftOut.other
  return ignoresSpace && diff.filesChanged > 0 ? strings.diff.nothingButSpace : strings.diff.nothing
}
