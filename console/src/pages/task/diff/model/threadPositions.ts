/** Where threads stand in the files that are shown. Pure. */
import type { Schemas } from '../../../../api/client'
import { lineKey, type Side } from './rows'

export type Thread = Schemas['ReviewThread']
export type File = Pick<Schemas['DiffFile'], 'path' | 'oldPath' | 'blob' | 'oldBlob' | 'hunks'>

export type FileThreads = {
  /** Under which line, by its `lineKey`. */
  lines: Map<string, Thread[]>
  /** About the file, or about lines of it that are not shown here. */
  fileLevel: Thread[]
}

const noThreads: FileThreads = { lines: new Map(), fileLevel: [] }

/** By path; and those about the whole, or about files that are not shown. */
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
  const shown = new Map<string, Set<string>>()
  for (const thread of threads) {
    const file = thread.position.path === null ? undefined : byPath.get(thread.position.path)
    if (!file) {
      whole.push(thread)
      continue
    }
    const own = ofFile.get(file.path) ?? { lines: new Map<string, Thread[]>(), fileLevel: [] }
    ofFile.set(file.path, own)
    const lines = shown.get(file.path) ?? linesOf(file)
    shown.set(file.path, lines)
    const at = lineOf(thread, file)
    if (at !== null && lines.has(at)) own.lines.set(at, [...(own.lines.get(at) ?? []), thread])
    else own.fileLevel.push(thread)
  }
  return { ofFile, whole }
}

export function threadsOfFile(found: Map<string, FileThreads>, path: string): FileThreads {
  return found.get(path) ?? noThreads
}

/** In the order in which they are met on the way down: those of the whole first. */
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

/** What it takes to go to a thread. */
export function threadTarget(thread: Thread): { id: number; path: string | null } {
  return { id: thread.id, path: thread.position.path }
}

export type ThreadState = 'draft' | 'open' | 'resolved' | 'outdated'

export function threadState(thread: Thread): ThreadState {
  if (isDraft(thread)) return 'draft'
  if (thread.resolvedAt !== null) return 'resolved'
  return thread.position.outdated ? 'outdated' : 'open'
}

/** Begun by oneself, and not shown to anybody yet. */
export function isDraft(thread: Thread): boolean {
  return thread.comments.every((comment) => comment.draft)
}

export function countDrafts(threads: Thread[]): number {
  return threads.reduce((sum, one) => sum + one.comments.filter((said) => said.draft).length, 0)
}

/** The line under which it stands: of the text that it is about, which is the side's own there. */
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
