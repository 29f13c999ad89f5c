import { useEffect, useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { strings } from '../../../../i18n'
import { useFile } from '../../../../queries/diffs'
import { useReview } from '../review/reviewContext'
import styles from './FileBox.module.css'

/** The types that the server says a picture is of. */
export function isImage(path: string): boolean {
  return /\.(png|jpe?g|gif|webp|avif)$/i.test(path)
}

/** A picture as it was, and as it is. */
export function ImageDiff({ file }: { file: Schemas['DiffFile'] }) {
  const { base, commit } = useReview()
  return (
    <div className={styles.pictures}>
      {file.status !== 'added' && (
        <ImageVersion path={file.oldPath ?? file.path} commit={base} label={strings.diff.before} />
      )}
      {file.status !== 'deleted' && (
        <ImageVersion path={file.path} commit={commit} label={strings.diff.after} />
      )}
    </div>
  )
}

function ImageVersion({ path, commit, label }: { path: string; commit: string; label: string }) {
  const { task } = useReview()
  const { data, error } = useFile(task.id, path, commit, true)
  const url = useObjectUrl(data)
  return (
    <figure>
      <figcaption className="dim">{label}</figcaption>
      {url && <img src={url} alt={`${label}: ${path}`} />}
      {error && <p className="dim">{strings.diff.noPicture}</p>}
    </figure>
  )
}

/** A URL of bytes in memory, for as long as they are shown. */
function useObjectUrl(bytes: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    if (!bytes) return
    const made = URL.createObjectURL(bytes)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [bytes])
  return url
}
