import type { Schemas } from '../../../api/client'
import { useShortcuts } from '../../../components/hooks/shortcuts'
import { strings } from '../../../i18n'
import { currentPath } from './files/currentFile'
import { nextThreadIndex, stepFiles } from './files/navigation'
import { type Thread, threadTarget } from './model/threadPositions'

type File = Schemas['DiffFile']

export function useDiffShortcuts(on: {
  files: File[]
  threads: Thread[]
  isViewed: (file: File) => boolean
  onView: ((file: File, isViewed: boolean) => void) | null
  onThread: (thread: Thread) => void
}): void {
  const paths = on.files.map((file) => file.path)
  const thread = (step: number) => {
    const found = on.threads[nextThreadIndex(on.threads.map(threadTarget), step)]
    if (found) on.onThread(found)
  }
  const view = () => {
    const file = on.files.find(({ path }) => path === currentPath())
    if (file) on.onView?.(file, !on.isViewed(file))
  }
  useShortcuts('here', [
    { key: 'j', what: strings.diff.keys.nextFile, do: () => stepFiles(paths, 1) },
    { key: 'k', what: strings.diff.keys.previousFile, do: () => stepFiles(paths, -1) },
    { key: 'n', what: strings.diff.keys.nextThread, do: () => thread(1) },
    { key: 'p', what: strings.diff.keys.previousThread, do: () => thread(-1) },
    ...(on.onView ? [{ key: 'v', what: strings.diff.keys.viewed, do: view }] : []),
  ])
}
