import { MessageSquarePlus } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import type { Comparison, StageDiff } from '../../../lib/diff/comparison'
import { useGate } from '../../../queries/gates'
import { useMe } from '../../../queries/me'
import { useThreads } from '../../../queries/reviews'
import { ComparisonBar } from './ComparisonBar'
import styles from './Diff.module.css'
import { emptyReason } from './emptyReason'
import { FileBox } from './files/FileBox'
import { FilesDialog } from './files/FilesDialog'
import { FileTree } from './files/FileTree'
import { goToFile, goToThread } from './files/navigation'
import { useFolds } from './files/useFolds'
import {
  orderThreads,
  placeThreads,
  type Thread,
  threadState,
  threadsOfFile,
  threadTarget,
} from './model/threadPositions'
import { NewComment } from './review/NewComment'
import { ReviewPanel } from './review/ReviewPanel'
import { ReviewProvider } from './review/reviewContext'
import { SubmitBar } from './review/SubmitBar'
import threadStyles from './review/Thread.module.css'
import { ThreadBox } from './review/ThreadBox'
import { useDiffShortcuts } from './useDiffShortcuts'
import { useLayout } from './useLayout'

type Page = Schemas['TaskDiff']
type Props = {
  task: Schemas['TaskDetail']
  pages: Page[]
  stageDiffs: StageDiff[]
  comparison: Comparison
  ignoresSpace: boolean
  onShow: (shown: Comparison) => void
  onIgnoreSpace: (ignores: boolean) => void
  /** Null where all files are there. */
  onMore: (() => void) | null
}

const noThreads: Thread[] = []

/** A change, and what is said about it. */
export function Diff({ task, pages, stageDiffs, comparison, ignoresSpace, ...props }: Props) {
  const page = pages[0] as Page
  const files = useMemo(() => pages.flatMap((one) => one.files), [pages])
  const threads = useThreads(task.id, page.commit).data ?? noThreads
  const places = useMemo(() => placeThreads(threads, files), [threads, files])
  const ordered = useMemo(() => orderThreads(places, files), [places, files])
  const gate = useGate(task).data ?? null
  const ask = gate?.kind === 'confirm' ? gate : null
  const [layout, setLayout] = useLayout()
  const { isViewed, isFolded, fold, view } = useFolds(task.id)
  const [isWholeCommented, setWholeCommented] = useState(false)
  const me = useMe()?.id
  const canReview = task.allowedActions.includes('review')
  const isLatest = (stageDiffs.at(-1)?.commit ?? page.commit) === page.commit
  const review = useMemo(
    () => ({ task, base: page.base, commit: page.commit, layout, isLatest, canReview, me }),
    [task, page.base, page.commit, layout, isLatest, canReview, me],
  )

  const blobs = useRef(new Map<string, string | null>())
  blobs.current = new Map(files.map((file) => [file.path, file.blob]))
  const onFold = useCallback(
    (path: string, folded: boolean) => fold(path, blobs.current.get(path) ?? null, folded),
    [fold],
  )
  const goThread = (thread: Thread) => {
    if (thread.position.path !== null) onFold(thread.position.path, false)
    goToThread(threadTarget(thread))
  }
  useDiffShortcuts({
    files,
    threads: ordered,
    isViewed,
    onView: isLatest && canReview ? view : null,
    onThread: goThread,
  })
  const tree = (onGo: (path: string) => void) => (
    <FileTree
      files={files}
      viewed={isViewed}
      openThreads={(path) => openThreadCount(threadsOfFile(places.ofFile, path))}
      onGo={onGo}
    />
  )
  return (
    <ReviewProvider value={review}>
      <div className={styles.review}>
        <div className={styles.side}>{tree(goToFile)}</div>
        <div className={styles.flow}>
          <ComparisonBar
            stageDiffs={stageDiffs}
            comparison={comparison}
            base={page.base}
            pipeline={task.pipeline}
            layout={layout}
            ignoresSpace={ignoresSpace}
            onLayout={setLayout}
            onShow={props.onShow}
            onIgnoreSpace={props.onIgnoreSpace}
          >
            <FilesDialog count={page.filesChanged}>{tree}</FilesDialog>
          </ComparisonBar>
          {page.partial && <p className="notice">{strings.diff.partial}</p>}
          <div className={`${styles.whole} ${threadStyles.loose}`}>
            {places.whole.map((thread) => (
              <ThreadBox key={thread.id} thread={thread} isElsewhere />
            ))}
            {isWholeCommented && <NewComment onClose={() => setWholeCommented(false)} />}
            {canReview && !isWholeCommented && (
              <Button variant="quiet" onClick={() => setWholeCommented(true)}>
                <MessageSquarePlus className="i" />
                {strings.diff.commentWhole}
              </Button>
            )}
          </div>
          {files.length === 0 && <p className="empty">{emptyReason(page, ignoresSpace)}</p>}
          {files.map((file) => (
            <FileBox
              key={file.path}
              file={file}
              own={threadsOfFile(places.ofFile, file.path)}
              isFolded={isFolded(file)}
              isViewed={isViewed(file)}
              onFold={onFold}
              onView={view}
            />
          ))}
          {props.onMore && <More key={files.length} onMore={props.onMore} />}
        </div>
        <ReviewPanel
          task={task}
          gate={ask}
          threads={ordered}
          viewedCount={files.filter(isViewed).length}
          fileCount={page.filesChanged}
          onThread={goThread}
        />
      </div>
      {canReview && <SubmitBar threads={threads} />}
    </ReviewProvider>
  )
}

/** The next files are asked for when the end of those that are there comes near. */
function More({ onMore }: { onMore: () => void }) {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onMore(), {
      rootMargin: '3000px 0px',
    })
    if (ref.current) observer.observe(ref.current)
    return () => observer.disconnect()
  }, [onMore])
  return (
    <div ref={ref}>
      <Button variant="quiet" className={styles.more} onClick={onMore}>
        {strings.diff.moreFiles}
      </Button>
    </div>
  )
}

function openThreadCount(own: ReturnType<typeof threadsOfFile>): number {
  const all = [...own.fileLevel, ...[...own.lines.values()].flat()]
  return all.filter((thread) => threadState(thread) !== 'resolved').length
}
