import { Check, File as FileIcon, Folder } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { strings } from '../../../../i18n'
import { revealInvisible } from '../../../../lib/format/invisibleChars'
import { type Branch, buildFileTree, filterFiles } from '../model/fileTree'
import { useCurrentFile } from './currentFile'
import styles from './FileTree.module.css'
import { LineCounts } from './LineCounts'

type File = Schemas['DiffFile']
type Props = {
  files: File[]
  viewed: (file: File) => boolean
  /** Returns how many unresolved threads a file has. */
  openThreads: (path: string) => number
  onGo: (path: string) => void
}

/** The files of the diff, by folder. */
export function FileTree({ files, viewed, openThreads, onGo }: Props) {
  const [text, setText] = useState('')
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const current = useCurrentFile()
  const branches = useMemo(
    () => buildFileTree(filterFiles(files, text), closed),
    [files, text, closed],
  )
  const toggle = (path: string) => {
    const next = new Set(closed)
    if (!next.delete(path)) next.add(path)
    setClosed(next)
  }
  return (
    <nav className={styles.tree} aria-label={strings.diff.files}>
      <label>
        <span className="hidden">{strings.diff.filter}</span>
        <input
          className="input"
          placeholder={strings.diff.filter}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      {branches.length === 0 && <p className="dim">{strings.diff.noFile}</p>}
      <ul>
        {branches.map((branch) => (
          <li key={`${branch.kind} ${branch.path}`} style={{ ['--in' as string]: branch.depth }}>
            {branch.kind === 'heading' && <p className={styles.last}>{strings.diff.secondary}</p>}
            {branch.kind === 'folder' && (
              <FolderRow branch={branch} isOpen={!closed.has(branch.path)} onToggle={toggle} />
            )}
            {branch.kind === 'file' && (
              <FileRow
                branch={branch}
                isCurrent={branch.path === current}
                isViewed={viewed(branch.file)}
                talks={openThreads(branch.path)}
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
  branch: Branch<File> & { kind: 'folder' }
  isOpen: boolean
  onToggle: (path: string) => void
}) {
  return (
    <button
      type="button"
      className={styles.folder}
      aria-expanded={props.isOpen}
      aria-label={strings.diff.foldFolder(revealInvisible(props.branch.path))}
      onClick={() => props.onToggle(props.branch.path)}
    >
      <Folder className="i" />
      <span className="cut">{revealInvisible(props.branch.name)}</span>
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
      title={revealInvisible(branch.path)}
      onClick={() => props.onGo(branch.path)}
    >
      {isViewed ? <Check className="i" /> : <FileIcon className="i" />}
      <span className="cut">{revealInvisible(branch.name)}</span>
      {isViewed && <span className="hidden">{strings.diff.viewed}</span>}
      {props.talks > 0 && (
        <span className={`badge ${styles.talks}`}>
          {props.talks}
          <span className="hidden"> {strings.diff.threads}</span>
        </span>
      )}
      <LineCounts of={branch.file} />
    </button>
  )
}
