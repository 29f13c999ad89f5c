import { MessageSquarePlus } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { strings } from '../../../i18n'
import type { Comparison, StageDiff } from '../../../lib/diff/comparison'
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
import { orderFiles } from './model/fileTree'
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
import { type ReviewContext, ReviewProvider } from './review/reviewContext'
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
  onShow: (comparison: Comparison) => void
  onIgnoreSpace: (ignores: boolean) => void
  /** Null if all files are loaded. */
  onMore: (() => void) | null
}

const noThreads: Thread[] = []

/** The diff, and its review. */
export function Diff({ task, pages, stageDiffs, comparison, ignoresSpace, ...props }: Props) {
  const page = pages[0] as Page
  const files = useMemo(() => orderFiles(pages.flatMap((one) => one.files)), [pages])
  const { threads, places, ordered } = usePlacedThreads(task.id, page.commit, files)
  const { gate } = task
  const [layout, setLayout] = useLayout()
  const folds = useFileFolds(task.id, files)
  const review = useReviewOf(task, page, stageDiffs, layout)
  const goThread = (thread: Thread) => {
    if (thread.position.path !== null) folds.onFold(thread.position.path, false)
    goToThread(threadTarget(thread))
  }
  useDiffShortcuts({
    files,
    threads: ordered,
    isViewed: folds.isViewed,
    onView: review.isLatest && review.canReview ? folds.view : null,
    onThread: goThread,
  })
  const openThreads = (path: string) => openThreadCount(threadsOfFile(places.ofFile, path))
  const tree = (onGo: (path: string) => void) => (
    <FileTree files={files} viewed={folds.isViewed} openThreads={openThreads} onGo={onGo} />
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
          <WholeThreads threads={places.whole} canReview={review.canReview} />
          {files.length === 0 && <p className="empty">{emptyReason(page, ignoresSpace)}</p>}
          <FileBoxes files={files} threads={places.ofFile} folds={folds} />
          {props.onMore && <More key={files.length} onMore={props.onMore} />}
        </div>
        <ReviewPanel
          task={task}
          gate={gate?.kind === 'confirm' ? gate : null}
          threads={ordered}
          viewedCount={files.filter(folds.isViewed).length}
          fileCount={page.filesChanged}
          onThread={goThread}
        />
      </div>
      {review.canReview && <SubmitBar threads={threads} />}
    </ReviewProvider>
  )
}

/** Returns the threads, their positions in these files, and their order. */
function usePlacedThreads(taskId: number, commit: string, files: Schemas['DiffFile'][]) {
  const threads = useThreads(taskId, commit).data ?? noThreads
  const places = useMemo(() => placeThreads(threads, files), [threads, files])
  const ordered = useMemo(() => orderThreads(places, files), [places, files])
  return { threads, places, ordered }
}

/** Returns the context that the parts of the diff share. */
function useReviewOf(
  task: Props['task'],
  { base, commit }: Page,
  stageDiffs: StageDiff[],
  layout: ReviewContext['layout'],
): ReviewContext {
  const me = useMe()?.id
  const canReview = task.allowedActions.includes('review')
  const isLatest = (stageDiffs.at(-1)?.commit ?? commit) === commit
  return useMemo(
    () => ({ task, base, commit, layout, isLatest, canReview, me }),
    [task, base, commit, layout, isLatest, canReview, me],
  )
}

/** Tracks which files are folded, by path. */
function useFileFolds(taskId: number, files: Schemas['DiffFile'][]) {
  const { isViewed, isFolded, fold, view } = useFolds(taskId)
  const blobs = useRef(new Map<string, string | null>())
  blobs.current = new Map(files.map((file) => [file.path, file.blob]))
  const onFold = useCallback(
    (path: string, folded: boolean) => fold(path, blobs.current.get(path) ?? null, folded),
    [fold],
  )
  return { isViewed, isFolded, onFold, view }
}

/** Comments on the change as a whole. */
function WholeThreads({ threads, canReview }: { threads: Thread[]; canReview: boolean }) {
  const [isCommented, setCommented] = useState(false)
  return (
    <div className={`${styles.whole} ${threadStyles.loose}`}>
      {threads.map((thread) => (
        <ThreadBox key={thread.id} thread={thread} isElsewhere />
      ))}
      {isCommented && <NewComment onClose={() => setCommented(false)} />}
      {canReview && !isCommented && (
        <Button variant="quiet" onClick={() => setCommented(true)}>
          <MessageSquarePlus className="i" />
          {strings.diff.commentWhole}
        </Button>
      )}
    </div>
  )
}

function FileBoxes(props: {
  files: Schemas['DiffFile'][]
  threads: Parameters<typeof threadsOfFile>[0]
  folds: ReturnType<typeof useFileFolds>
}) {
  const { isFolded, isViewed, onFold, view } = props.folds
  return props.files.map((file) => (
    <FileBox
      key={file.path}
      file={file}
      own={threadsOfFile(props.threads, file.path)}
      isFolded={isFolded(file)}
      isViewed={isViewed(file)}
      onFold={onFold}
      onView={view}
    />
  ))
}

/** A button that loads more files. Scrolling near it does so, too. */
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
