import type { Schemas } from '../../../api/client'
import { useKeys } from '../../../ui/keys'
import { words } from '../../../words'
import { currentPath } from './current'
import { byThreads, goByFiles } from './going'
import { standOf, type Thread } from './placing'

type File = Schemas['DiffFile']

export function useDiffKeys(on: {
  files: File[]
  threads: Thread[]
  isViewed: (file: File) => boolean
  onView: ((file: File, isViewed: boolean) => void) | null
  onThread: (thread: Thread) => void
}): void {
  const paths = on.files.map((file) => file.path)
  const thread = (step: number) => {
    const found = on.threads[byThreads(on.threads.map(standOf), step)]
    if (found) on.onThread(found)
  }
  const view = () => {
    const file = on.files.find(({ path }) => path === currentPath())
    if (file) on.onView?.(file, !on.isViewed(file))
  }
  useKeys('here', [
    { key: 'j', what: words.diff.keys.nextFile, do: () => goByFiles(paths, 1) },
    { key: 'k', what: words.diff.keys.previousFile, do: () => goByFiles(paths, -1) },
    { key: 'n', what: words.diff.keys.nextThread, do: () => thread(1) },
    { key: 'p', what: words.diff.keys.previousThread, do: () => thread(-1) },
    ...(on.onView ? [{ key: 'v', what: words.diff.keys.viewed, do: view }] : []),
  ])
}
