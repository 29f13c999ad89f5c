import { Check, File as FileIcon, Folder } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { seen } from '../../../lib/seen'
import { words } from '../../../words'
import { useCurrent } from './current'
import { Delta } from './Delta'
import styles from './Tree.module.css'
import { type Branch, matching, tree } from './tree'

type File = Schemas['DiffFile']
type Props = {
  files: File[]
  viewed: (file: File) => boolean
  /** How many threads a file has that are not resolved. */
  talks: (path: string) => number
  onGo: (path: string) => void
}

/** The files, in their folders. */
export function Tree({ files, viewed, talks, onGo }: Props) {
  const [text, setText] = useState('')
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const current = useCurrent()
  const branches = useMemo(() => tree(matching(files, text), closed), [files, text, closed])
  const toggle = (path: string) => {
    const next = new Set(closed)
    if (!next.delete(path)) next.add(path)
    setClosed(next)
  }
  return (
    <nav className={styles.tree} aria-label={words.diff.files}>
      <label>
        <span className="hidden">{words.diff.filter}</span>
        <input
          className="input"
          placeholder={words.diff.filter}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      {branches.length === 0 && <p className="dim">{words.diff.noFile}</p>}
      <ul>
        {branches.map((branch) => (
          <li key={`${branch.kind} ${branch.path}`} style={{ ['--in' as string]: branch.depth }}>
            {branch.kind === 'folder' ? (
              <FolderRow branch={branch} isOpen={!closed.has(branch.path)} onToggle={toggle} />
            ) : (
              <FileRow
                branch={branch}
                isCurrent={branch.path === current}
                isViewed={viewed(branch.file)}
                talks={talks(branch.path)}
                onGo={onGo}
              />
            )}
          </li>
        ))}
      </ul>
    </nav>
  )
}

function FolderRow(props: {
  branch: Branch<File>
  isOpen: boolean
  onToggle: (path: string) => void
}) {
  return (
    <button
      type="button"
      className={styles.folder}
      aria-expanded={props.isOpen}
      aria-label={words.diff.foldFolder(seen(props.branch.path))}
      onClick={() => props.onToggle(props.branch.path)}
    >
      <Folder className="i" />
      <span className="cut">{seen(props.branch.name)}</span>
    </button>
  )
}

function FileRow(props: {
  branch: Branch<File> & { kind: 'file' }
  isCurrent: boolean
  isViewed: boolean
  talks: number
  onGo: (path: string) => void
}) {
  const { branch, isViewed } = props
  return (
    <button
      type="button"
      className={isViewed ? styles.seen : undefined}
      aria-current={props.isCurrent || undefined}
      title={seen(branch.path)}
      onClick={() => props.onGo(branch.path)}
    >
      {isViewed ? <Check className="i" /> : <FileIcon className="i" />}
      <span className="cut">{seen(branch.name)}</span>
      {isViewed && <span className="hidden">{words.diff.viewed}</span>}
      {props.talks > 0 && (
        <span className={`badge ${styles.talks}`}>
          {props.talks}
          <span className="hidden"> {words.diff.threads}</span>
        </span>
      )}
      <Delta of={branch.file} />
    </button>
  )
}
