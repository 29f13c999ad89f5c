import type { Schemas } from '../../../api/client'
import { words } from '../../../words'

/** Why no file is shown. */
export function whyNothing(diff: Schemas['TaskDiff'], ignoresSpace: boolean): string {
  const { leftOut } = diff
  if (leftOut === 'size' || leftOut === 'files' || leftOut === 'expired') {
    return words.diff.leftOut[leftOut]
  }
  if (leftOut) return words.diff.leftOut.other
  return ignoresSpace && diff.filesChanged > 0 ? words.diff.nothingButSpace : words.diff.nothing
}
