import { ChevronDown, ChevronRight, MessageSquarePlus } from 'lucide-react'
import { memo, useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { Button } from '../../../../components/controls/Button'
import { strings } from '../../../../i18n'
import { revealInvisible } from '../../../../lib/format/invisibleChars'
import { useNearViewport } from '../lines/useNearViewport'
import { columnsIn, estimateHeight } from '../model/rowHeights'
import { unifiedRows } from '../model/rows'
import type { FileThreads } from '../model/threadPositions'
import { NewComment } from '../review/NewComment'
import { useReview } from '../review/reviewContext'
import threadStyles from '../review/Thread.module.css'
import { ThreadBox } from '../review/ThreadBox'
import { FileBody } from './FileBody'
import styles from './FileBox.module.css'
import { LineCounts } from './LineCounts'

type Props = {
  file: Schemas['DiffFile']
  own: FileThreads
  isFolded: boolean
  isViewed: boolean
  onFold: (path: string, isFolded: boolean) => void
  onView: (file: Schemas['DiffFile'], isViewed: boolean) => void
}

/** A file of the diff: a sticky header, and its changes, rendered once they are near. */
export const FileBox = memo(function FileBox(props: Props) {
  const { file, own, isFolded } = props
  const [isCommented, setCommented] = useState(false)
  const [ref, isNear] = useNearViewport<HTMLElement>(() => false)
  const hasAbove = own.fileLevel.length > 0 || isCommented
  return (
    <article
      ref={ref}
      className={`${styles.box} ${isFolded ? styles.shut : ''}`}
      data-path={file.path}
      aria-label={revealInvisible(file.path)}
    >
      {isNear ? (
        <Head {...props} onComment={() => setCommented(true)} />
      ) : (
        <header className={styles.head}>
          <code className={styles.path}>{revealInvisible(file.path)}</code>
        </header>
      )}
      {!isFolded && hasAbove && (
        <div className={threadStyles.loose}>
          {own.fileLevel.map((thread) => (
            <ThreadBox key={thread.id} thread={thread} isElsewhere />
          ))}
          {isCommented && <NewComment file={file} onClose={() => setCommented(false)} />}
        </div>
      )}
      {!isFolded &&
        (isNear ? <FileBody file={file} own={own} isNear /> : <FilePlaceholder file={file} />)}
    </article>
  )
})

function Head(props: Props & { onComment: () => void }) {
  const { file, isFolded, isViewed } = props
  const { isLatest, canReview } = useReview()
  const comment = () => {
    props.onFold(file.path, false)
    props.onComment()
  }
  return (
    <header className={styles.head}>
      <Button
        variant="quiet"
        size="square"
        aria-expanded={!isFolded}
        aria-label={strings.diff.fold(revealInvisible(file.path))}
        data-fold
        onClick={() => props.onFold(file.path, !isFolded)}
      >
        {isFolded ? <ChevronRight className="i" /> : <ChevronDown className="i" />}
      </Button>
      <code className={styles.path}>{revealInvisible(file.path)}</code>
      <LineCounts of={file} />
      <FileBadges file={file} />
      {isViewed && <span className="dim wide">{strings.diff.viewedBefore}</span>}
      <span className="grow wide" />
      {canReview && (
        <Button
          variant="quiet"
          size="square"
          aria-label={strings.diff.commentFile}
          title={strings.diff.commentFile}
          onClick={comment}
        >
          <MessageSquarePlus className="i" />
        </Button>
      )}
      {isLatest && canReview && (
        <label className={styles.viewed}>
          <input
            type="checkbox"
            checked={isViewed}
            aria-label={strings.diff.viewedAs(revealInvisible(file.path))}
            onChange={(event) => props.onView(file, event.target.checked)}
          />
          {strings.diff.viewed}
        </label>
      )}
    </header>
  )
}

/** Further properties of a file, as text. */
function FileBadges({ file }: { file: Schemas['DiffFile'] }) {
  return (
    <>
      {file.status !== 'modified' && (
        <span className="badge">{strings.diff.status[file.status]}</span>
      )}
      {file.generated && (
        <span className="badge" title={strings.diff.generatedWhy}>
          {strings.diff.generated}
        </span>
      )}
      {file.oldPath && file.oldPath !== file.path && (
        <span className={`dim wide ${styles.path}`}>
          {strings.diff.from(revealInvisible(file.oldPath))}
        </span>
      )}
    </>
  )
}

function FilePlaceholder({ file }: { file: Schemas['DiffFile'] }) {
  const height = estimateHeight(unifiedRows(file.hunks), columnsIn(innerWidth * 0.6, false))
  return <div style={{ height }} />
}
