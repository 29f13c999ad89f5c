import type { Schemas } from '../../../../api/client'
import { useObjectUrl } from '../../../../components/hooks/useObjectUrl'
import { strings } from '../../../../i18n'
import { useFile } from '../../../../queries/diffs'
import { useReview } from '../review/reviewContext'
import styles from './FileBox.module.css'

/** Whether the server serves the file as an image. */
export function isImage(path: string): boolean {
  return /\.(png|jpe?g|gif|webp|avif)$/i.test(path)
}

/** An image before and after the change. */
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
      {url && <img src={url} alt={`${label}${strings.common.separators.colon}${path}`} />}
      {error && <p className="dim">{strings.diff.noPicture}</p>}
    </figure>
  )
}
