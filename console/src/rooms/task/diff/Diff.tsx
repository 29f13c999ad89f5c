import { MessageSquarePlus } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Schemas } from '../../../api/client'
import type { Shown, Told } from '../../../lib/diffChoice'
import { useGate } from '../../../queries/gates'
import { useMe } from '../../../queries/me'
import { useThreads } from '../../../queries/reviews'
import { Button } from '../../../ui/Button'
import { words } from '../../../words'
import { useMay } from '../useMay'
import styles from './Diff.module.css'
import { FileBox } from './FileBox'
import { FilesDialog } from './FilesDialog'
import { goToFile, goToThread } from './going'
import { NewComment } from './NewComment'
import { inOrder, ofFile, placed, standOf, stateOf, type Thread } from './placing'
import { Rounds } from './Rounds'
import { ReviewProvider } from './review'
import { SubmitBar } from './SubmitBar'
import threadStyles from './Thread.module.css'
import { ThreadBox } from './ThreadBox'
import { Tree } from './Tree'
import { useDiffKeys } from './useDiffKeys'
import { useFolds } from './useFolds'
import { useLayout } from './useLayout'
import { Verdict } from './Verdict'
import { whyNothing } from './why'

type Page = Schemas['TaskDiff']
type Props = {
  task: Schemas['TaskDetail']
  pages: Page[]
  told: Told[]
  shown: Shown
  ignoresSpace: boolean
  onShow: (shown: Shown) => void
  onIgnoreSpace: (ignores: boolean) => void
  /** Null where all files are there. */
  onMore: (() => void) | null
}

const noThreads: Thread[] = []

/** A change, and what is said about it. */
export function Diff({ task, pages, told, shown, ignoresSpace, ...props }: Props) {
  const page = pages[0] as Page
  const files = useMemo(() => pages.flatMap((one) => one.files), [pages])
  const threads = useThreads(task.id, page.commit).data ?? noThreads
  const places = useMemo(() => placed(threads, files), [threads, files])
  const ordered = useMemo(() => inOrder(places, files), [places, files])
  const gate = useGate(task).data ?? null
  const ask = gate?.kind === 'confirm' ? gate : null
  const [layout, setLayout] = useLayout()
  const { isViewed, isFolded, fold, view } = useFolds(task.id)
  const [isWholeCommented, setWholeCommented] = useState(false)
  const me = useMe()?.id
  const mayReview = useMay(task).answer
  const isLatest = (told.at(-1)?.commit ?? page.commit) === page.commit
  const review = useMemo(
    () => ({ task, base: page.base, commit: page.commit, layout, isLatest, mayReview, me }),
    [task, page.base, page.commit, layout, isLatest, mayReview, me],
  )

  const blobs = useRef(new Map<string, string | null>())
  blobs.current = new Map(files.map((file) => [file.path, file.blob]))
  const onFold = useCallback(
    (path: string, folded: boolean) => fold(path, blobs.current.get(path) ?? null, folded),
    [fold],
  )
  const goThread = (thread: Thread) => {
    if (thread.place.path !== null) onFold(thread.place.path, false)
    goToThread(standOf(thread))
  }
  useDiffKeys({
    files,
    threads: ordered,
    isViewed,
    onView: isLatest && mayReview ? view : null,
    onThread: goThread,
  })
  const tree = (onGo: (path: string) => void) => (
    <Tree
      files={files}
      viewed={isViewed}
      talks={(path) => talksOf(ofFile(places.ofFile, path))}
      onGo={onGo}
    />
  )
  return (
    <ReviewProvider value={review}>
      <div className={styles.review}>
        <div className={styles.side}>{tree(goToFile)}</div>
        <div className={styles.flow}>
          <Rounds
            told={told}
            shown={shown}
            base={page.base}
            pipeline={task.pipeline}
            layout={layout}
            ignoresSpace={ignoresSpace}
            onLayout={setLayout}
            onShow={props.onShow}
            onIgnoreSpace={props.onIgnoreSpace}
          >
            <FilesDialog count={page.filesChanged}>{tree}</FilesDialog>
          </Rounds>
          {page.partial && <p className="notice">{words.diff.partial}</p>}
          <div className={`${styles.whole} ${threadStyles.loose}`}>
            {places.whole.map((thread) => (
              <ThreadBox key={thread.id} thread={thread} isElsewhere />
            ))}
            {isWholeCommented && <NewComment onClose={() => setWholeCommented(false)} />}
            {mayReview && !isWholeCommented && (
              <Button look="quiet" onClick={() => setWholeCommented(true)}>
                <MessageSquarePlus className="i" />
                {words.diff.commentWhole}
              </Button>
            )}
          </div>
          {files.length === 0 && <p className="empty">{whyNothing(page, ignoresSpace)}</p>}
          {files.map((file) => (
            <FileBox
              key={file.path}
              file={file}
              own={ofFile(places.ofFile, file.path)}
              isFolded={isFolded(file)}
              isViewed={isViewed(file)}
              onFold={onFold}
              onView={view}
            />
          ))}
          {props.onMore && <More key={files.length} onMore={props.onMore} />}
        </div>
        <Verdict
          task={task}
          gate={ask}
          threads={ordered}
          viewedCount={files.filter(isViewed).length}
          fileCount={page.filesChanged}
          onThread={goThread}
        />
      </div>
      {mayReview && <SubmitBar threads={threads} />}
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
      <Button look="quiet" className={styles.more} onClick={onMore}>
        {words.diff.moreFiles}
      </Button>
    </div>
  )
}

function talksOf(own: ReturnType<typeof ofFile>): number {
  const all = [...own.above, ...[...own.lines.values()].flat()]
  return all.filter((thread) => stateOf(thread) !== 'resolved').length
}
