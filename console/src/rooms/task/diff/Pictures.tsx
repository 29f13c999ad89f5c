import { useEffect, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { useFile } from '../../../queries/diffs'
import { words } from '../../../words'
import styles from './FileBox.module.css'
import { useReview } from './review'

/** The types that the server says a picture is of. */
export function isPicture(path: string): boolean {
  return /\.(png|jpe?g|gif|webp|avif)$/i.test(path)
}

/** A picture as it was, and as it is. */
export function Pictures({ file }: { file: Schemas['DiffFile'] }) {
  const { base, commit } = useReview()
  return (
    <div className={styles.pictures}>
      {file.status !== 'added' && (
        <Picture path={file.oldPath ?? file.path} commit={base} label={words.diff.before} />
      )}
      {file.status !== 'deleted' && (
        <Picture path={file.path} commit={commit} label={words.diff.after} />
      )}
    </div>
  )
}

function Picture({ path, commit, label }: { path: string; commit: string; label: string }) {
  const { task } = useReview()
  const { data, error } = useFile(task.id, path, commit, true)
  const url = useUrl(data)
  return (
    <figure>
      <figcaption className="dim">{label}</figcaption>
      {url && <img src={url} alt={`${label}: ${path}`} />}
      {error && <p className="dim">{words.diff.noPicture}</p>}
    </figure>
  )
}

/** A URL of bytes in memory, for as long as they are shown. */
function useUrl(bytes: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    if (!bytes) return
    const made = URL.createObjectURL(bytes)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [bytes])
  return url
}
