import { ChevronDown, ChevronRight, MessageSquarePlus } from 'lucide-react'
import { memo, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { seen } from '../../../lib/seen'
import { Button } from '../../../ui/Button'
import { words } from '../../../words'
import { Delta } from './Delta'
import { FileBody } from './FileBody'
import styles from './FileBox.module.css'
import { columnsIn, heightOf } from './heights'
import { NewComment } from './NewComment'
import { useNear } from './near'
import type { OfFile } from './placing'
import { useReview } from './review'
import { unified } from './rows'
import threadStyles from './Thread.module.css'
import { ThreadBox } from './ThreadBox'

type Props = {
  file: Schemas['DiffFile']
  own: OfFile
  isFolded: boolean
  isViewed: boolean
  onFold: (path: string, isFolded: boolean) => void
  onView: (file: Schemas['DiffFile'], isViewed: boolean) => void
}

/** A file: its head, which stays in sight, and what changed in it once that is near. */
export const FileBox = memo(function FileBox(props: Props) {
  const { file, own, isFolded } = props
  const [isCommented, setCommented] = useState(false)
  const [ref, isNear] = useNear<HTMLElement>(() => false)
  const hasAbove = own.above.length > 0 || isCommented
  return (
    <article
      ref={ref}
      className={`${styles.box} ${isFolded ? styles.shut : ''}`}
      data-path={file.path}
      aria-label={seen(file.path)}
    >
      {isNear ? (
        <Head {...props} onComment={() => setCommented(true)} />
      ) : (
        <header className={styles.head}>
          <code className={styles.path}>{seen(file.path)}</code>
        </header>
      )}
      {!isFolded && hasAbove && (
        <div className={threadStyles.loose}>
          {own.above.map((thread) => (
            <ThreadBox key={thread.id} thread={thread} isElsewhere />
          ))}
          {isCommented && <NewComment file={file} onClose={() => setCommented(false)} />}
        </div>
      )}
      {!isFolded && (isNear ? <FileBody file={file} own={own} isNear /> : <Space file={file} />)}
    </article>
  )
})

function Head(props: Props & { onComment: () => void }) {
  const { file, isFolded, isViewed } = props
  const { isLatest, mayReview } = useReview()
  const comment = () => {
    props.onFold(file.path, false)
    props.onComment()
  }
  return (
    <header className={styles.head}>
      <Button
        look="quiet"
        size="square"
        aria-expanded={!isFolded}
        aria-label={words.diff.fold(seen(file.path))}
        data-fold
        onClick={() => props.onFold(file.path, !isFolded)}
      >
        {isFolded ? <ChevronRight className="i" /> : <ChevronDown className="i" />}
      </Button>
      <code className={styles.path}>{seen(file.path)}</code>
      <Delta of={file} />
      <About file={file} />
      {isViewed && <span className="dim wide">{words.diff.viewedBefore}</span>}
      <span className="grow wide" />
      {mayReview && (
        <Button
          look="quiet"
          size="square"
          aria-label={words.diff.commentFile}
          title={words.diff.commentFile}
          onClick={comment}
        >
          <MessageSquarePlus className="i" />
        </Button>
      )}
      {isLatest && mayReview && (
        <label className={styles.viewed}>
          <input
            type="checkbox"
            checked={isViewed}
            aria-label={words.diff.viewedAs(seen(file.path))}
            onChange={(event) => props.onView(file, event.target.checked)}
          />
          {words.diff.viewed}
        </label>
      )}
    </header>
  )
}

/** What else there is to know of a file, in words. */
function About({ file }: { file: Schemas['DiffFile'] }) {
  return (
    <>
      {file.status !== 'modified' && (
        <span className="badge">{words.diff.status[file.status]}</span>
      )}
      {file.generated && (
        <span className="badge" title={words.diff.generatedWhy}>
          {words.diff.generated}
        </span>
      )}
      {file.oldPath && file.oldPath !== file.path && (
        <span className={`dim wide ${styles.path}`}>{words.diff.from(seen(file.oldPath))}</span>
      )}
    </>
  )
}

function Space({ file }: { file: Schemas['DiffFile'] }) {
  const height = heightOf(unified(file.hunks), columnsIn(innerWidth * 0.6, false))
  return <div style={{ height }} />
}
