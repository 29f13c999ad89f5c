/** Positions of threads in the files shown. Pure. */
import type { Schemas } from '../../../../api/client'
import { lineKey, type Side } from './rows'

export type Thread = Schemas['ReviewThread']
export type File = Pick<Schemas['DiffFile'], 'path' | 'oldPath' | 'blob' | 'oldBlob' | 'hunks'>

export type FileThreads = {
  /** Threads by the `lineKey` of the line that they appear under. */
  lines: Map<string, Thread[]>
  /** Threads about the file, or about lines of it that aren't shown. */
  fileLevel: Thread[]
}

const noThreads: FileThreads = { lines: new Map(), fileLevel: [] }

/** Groups threads by path. `whole`: about the whole change, or about files that aren't shown. */
export function placeThreads(
  threads: Thread[],
  files: File[],
): { ofFile: Map<string, FileThreads>; whole: Thread[] } {
  const byPath = new Map<string, File>()
  for (const file of files) {
    byPath.set(file.path, file)
    if (file.oldPath !== null && !byPath.has(file.oldPath)) byPath.set(file.oldPath, file)
  }
  const ofFile = new Map<string, FileThreads>()
  const whole: Thread[] = []
  const linesByPath = new Map<string, Set<string>>()
  for (const thread of threads) {
    const file = thread.position.path === null ? undefined : byPath.get(thread.position.path)
    if (!file) {
      whole.push(thread)
      continue
    }
    const own = ofFile.get(file.path) ?? { lines: new Map<string, Thread[]>(), fileLevel: [] }
    ofFile.set(file.path, own)
    const lines = linesByPath.get(file.path) ?? linesOf(file)
    linesByPath.set(file.path, lines)
    const at = lineOf(thread, file)
    if (at !== null && lines.has(at)) own.lines.set(at, [...(own.lines.get(at) ?? []), thread])
    else own.fileLevel.push(thread)
  }
  return { ofFile, whole }
}

export function threadsOfFile(found: Map<string, FileThreads>, path: string): FileThreads {
  return found.get(path) ?? noThreads
}

/** Orders threads from top to bottom, those about the whole change first. */
export function orderThreads(
  placed: { ofFile: Map<string, FileThreads>; whole: Thread[] },
  files: File[],
): Thread[] {
  const met = files.flatMap((file) => {
    const own = placed.ofFile.get(file.path)
    if (!own) return []
    const lines = [...linesOf(file)].flatMap((line) => own.lines.get(line) ?? [])
    return [...own.fileLevel, ...lines]
  })
  return [...placed.whole, ...met]
}

/** Returns what is needed to go to a thread. */
export function threadTarget(thread: Thread): { id: number; path: string | null } {
  return { id: thread.id, path: thread.position.path }
}

export type ThreadState = 'draft' | 'open' | 'resolved' | 'outdated'

export function threadState(thread: Thread): ThreadState {
  if (isDraft(thread)) return 'draft'
  if (thread.resolvedAt !== null) return 'resolved'
  return thread.position.outdated ? 'outdated' : 'open'
}

/** Whether you started the thread and nobody else can see it yet. */
export function isDraft(thread: Thread): boolean {
  return thread.comments.every((comment) => comment.draft)
}

export function countDrafts(threads: Thread[]): number {
  return threads.reduce(
    (sum, one) => sum + one.comments.filter((comment) => comment.draft).length,
    0,
  )
}

/** Returns the key of the line under which the thread appears; null if that side shows another
 *  version of the file than the thread is about. */
function lineOf({ position }: Thread, file: File): string | null {
  if (position.outdated || position.side === null || position.endLine === null) return null
  const blob = position.side === 'old' ? file.oldBlob : file.blob
  return position.blob === blob ? lineKey(position.side, position.endLine) : null
}

function linesOf(file: File): Set<string> {
  const found = new Set<string>()
  const add = (side: Side, line: number | null) => line && found.add(lineKey(side, line))
  for (const hunk of file.hunks) {
    for (const line of hunk.lines) {
      add('old', line.oldLine)
      add('new', line.newLine)
    }
  }
  return found
}
