/** The files of a diff as a tree of folders, flattened for rendering. Pure. */
type Leaf = { path: string; generated: boolean; binary: boolean }
export type Branch<F extends Leaf> =
  | { kind: 'folder'; path: string; name: string; depth: number }
  | { kind: 'heading'; path: ''; depth: 0 }
  | { kind: 'file'; path: string; name: string; depth: number; file: F }

type Folder<F> = { folders: Map<string, Folder<F>>; files: F[] }

/** Whether no person wrote the file's lines, or it has none: it comes last, and folded. */
export function isSecondary({ generated, binary }: Pick<Leaf, 'generated' | 'binary'>): boolean {
  return generated || binary
}

/** Returns the files in the order of their tree. */
export function orderFiles<F extends Leaf>(files: F[]): F[] {
  return buildFileTree(files, new Set()).flatMap((one) => (one.kind === 'file' ? [one.file] : []))
}

/** Sorts folders before files, each by name; generated and binary files come last, in a list of
 *  their own. A folder that holds only a folder shares its line. */
export function buildFileTree<F extends Leaf>(
  files: F[],
  closed: ReadonlySet<string>,
): Branch<F>[] {
  const last = files.filter(isSecondary).sort((a, b) => compareNames(a.path, b.path))
  const tree = growTree(
    files.filter((file) => !isSecondary(file)),
    closed,
  )
  if (last.length === 0) return tree
  const leaves = last.map((file) => leafOf(file, '', 0))
  return [...tree, { kind: 'heading', path: '', depth: 0 }, ...leaves]
}

function growTree<F extends Leaf>(files: F[], closed: ReadonlySet<string>): Branch<F>[] {
  const root: Folder<F> = { folders: new Map(), files: [] }
  for (const file of files) {
    let folder = root
    for (const name of file.path.split('/').slice(0, -1)) {
      const next = folder.folders.get(name) ?? { folders: new Map(), files: [] }
      folder.folders.set(name, next)
      folder = next
    }
    folder.files.push(file)
  }
  return flattenFolder(root, '', 0, closed)
}

/** Returns the files whose path contains all words of `text`, ignoring case. */
export function filterFiles<F extends Leaf>(files: F[], text: string): F[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return files.filter((file) => words.every((word) => file.path.toLowerCase().includes(word)))
}

function flattenFolder<F extends Leaf>(
  folder: Folder<F>,
  above: string,
  depth: number,
  closed: ReadonlySet<string>,
): Branch<F>[] {
  const folders = [...folder.folders].sort(([a], [b]) => compareNames(a, b))
  const inside = folders.flatMap(([name, one]) => {
    const [whole, inner] = withOnlyFolder(name, one)
    const path = above + whole
    const head: Branch<F> = { kind: 'folder', path, name: whole, depth }
    return closed.has(path)
      ? [head]
      : [head, ...flattenFolder(inner, `${path}/`, depth + 1, closed)]
  })
  const files = [...folder.files].sort((a, b) => compareNames(a.path, b.path))
  return [...inside, ...files.map((file) => leafOf(file, above, depth))]
}

function leafOf<F extends Leaf>(file: F, above: string, depth: number): Branch<F> {
  return { kind: 'file', path: file.path, name: file.path.slice(above.length), depth, file }
}

function withOnlyFolder<F>(name: string, folder: Folder<F>): [string, Folder<F>] {
  const [only, ...others] = folder.folders
  if (!only || others.length > 0 || folder.files.length > 0) return [name, folder]
  return withOnlyFolder(`${name}/${only[0]}`, only[1])
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
