import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { Suspense, useEffect, useMemo } from 'react'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { ErrorMessage } from '../../../components/feedback/ErrorMessage'
import { Skeleton } from '../../../components/feedback/Skeleton'
import { lazyComponent } from '../../../components/lazyComponent'
import { strings } from '../../../i18n'
import { addMarkers, isEmpty, startTime } from '../../../lib/log/asciicast'
import { downloadBlob } from '../../../lib/net/download'
import { useEvents } from '../../../queries/events'
import { fetchRecording, recording } from '../../../queries/logs'
import { useMe } from '../../../queries/me'
import { terminalInputs } from '../../../queries/terminalInputs'
import { showErrorToast } from '../../../state/toasts'
import { AttemptSelect } from '../log/AttemptSelect'
import { selectedAttempt } from '../log/selectedAttempt'
import { useSetSearch, useTaskSearch } from '../search'
import { recordingMarkers } from './markers'
import styles from './recording.module.css'

const Player = lazyComponent(() => import('./Player'))

/** The recording of an attempt's terminal. The player runs WebAssembly, which only the content
 *  security policy of this page allows: if you come from another view, the document is reloaded. */
export default function RecordingTab({ task }: { task: Schemas['TaskDetail'] }) {
  const search = useTaskSearch()
  const setSearch = useSetSearch()
  const attempt = selectedAttempt(search.attempt, task.attempt)
  const isOther = !canPlay()
  useEffect(() => {
    if (isOther) reloadDocument()
  }, [isOther])
  if (attempt === 0) return <EmptyState title={strings.recording.notYet} />
  if (isOther) return <Skeleton />
  return (
    <section className={`task-view ${styles.recording}`} aria-label={strings.recording.title}>
      <div className={styles.bar}>
        {task.attempt > 1 && (
          <AttemptSelect
            latest={task.attempt}
            shown={attempt}
            choose={(another) => setSearch({ attempt: String(another) })}
          />
        )}
        <span className="grow dim">{task.finishedAt === null && strings.recording.soFar}</span>
        <DownloadCast taskId={task.id} attempt={attempt} />
      </div>
      <RecordingView key={attempt} task={task} attempt={attempt} />
    </section>
  )
}

function RecordingView({ task, attempt }: { task: Schemas['TaskDetail']; attempt: number }) {
  const { data: cast, error, isPending, refetch } = useQuery(recording(task.id, attempt))
  const events = useEvents(task.id).data
  const isAdmin = useMe()?.role === 'admin'
  const inputs = useQuery({ ...terminalInputs(task.id), enabled: isAdmin }).data
  const marked = useMemo(() => {
    if (!cast || !events) return null
    return addMarkers(cast, recordingMarkers(attempt, startTime(cast) ?? 0, events, inputs ?? []))
  }, [cast, events, inputs, attempt])
  if (error) return <ErrorMessage error={error} again={() => void refetch()} />
  if (isPending) return <Skeleton />
  if (cast === null) return <EmptyState title={strings.recording.tooLong} />
  if (isEmpty(cast)) return <EmptyState title={strings.recording.empty} />
  return <Suspense fallback={<Skeleton />}>{marked && <Player {...marked} />}</Suspense>
}

function DownloadCast({ taskId, attempt }: { taskId: number; attempt: number }) {
  const download = async () => {
    try {
      const file = await fetchRecording(taskId, attempt)
      downloadBlob(await file.blob(), `task-${taskId}-${attempt}.cast`)
    } catch (error) {
      showErrorToast(error)
    }
  }
  return (
    <Button
      variant="quiet"
      size="square"
      aria-label={strings.recording.download}
      title={strings.recording.download}
      onClick={download}
    >
      <Download className="i" />
    </Button>
  )
}

/** Reloads the document with each parameter once. Of a repeated `view` the server reads the first,
 *  so it would send the same document again and again. */
function reloadDocument(): void {
  const once = `?${new URLSearchParams(Object.fromEntries(new URLSearchParams(location.search)))}`
  if (once === location.search) location.reload()
  else location.replace(location.pathname + once + location.hash)
}

/** Whether this document's policy allows the player. Without the meta tag, nothing forbids it. */
function canPlay(): boolean {
  const mark = document.querySelector<HTMLMetaElement>('meta[name="muster-plays"]')?.content
  return mark !== 'no'
}
