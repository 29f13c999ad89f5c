import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { Suspense, useEffect, useMemo } from 'react'
import type { Schemas } from '../../../api/client'
import { beganAt, isEmpty, withMarks } from '../../../lib/cast'
import { saveAs } from '../../../lib/save'
import { useEvents } from '../../../queries/events'
import { terminalInputs } from '../../../queries/inputs'
import { recording, recordingFile } from '../../../queries/logs'
import { useMe } from '../../../queries/me'
import { Broken } from '../../../ui/Broken'
import { Button } from '../../../ui/Button'
import { Empty } from '../../../ui/Empty'
import { Ghost } from '../../../ui/Ghost'
import { late } from '../../../ui/late'
import { sayBroken } from '../../../ui/toasts'
import { words } from '../../../words'
import { Attempts } from '../log/Attempts'
import { attemptOf } from '../log/attemptOf'
import { useSetSearch, useTaskSearch } from '../search'
import { marksOf } from './marks'
import styles from './recording.module.css'

const Player = late(() => import('./Player'))

/** What an attempt's terminal showed, and when. The player runs WebAssembly, which only this page's
 *  policy lets in: whoever comes from another view loads it as a document of its own. */
export default function RecordingTab({ task }: { task: Schemas['TaskDetail'] }) {
  const search = useTaskSearch()
  const setSearch = useSetSearch()
  const attempt = attemptOf(search.attempt, task.attempt)
  const isOther = !mayPlay()
  useEffect(() => {
    if (isOther) loadAnew()
  }, [isOther])
  if (attempt === 0) return <Empty title={words.recording.notYet} />
  if (isOther) return <Ghost />
  return (
    <section className={`task-view ${styles.recording}`} aria-label={words.recording.title}>
      <div className={styles.bar}>
        {task.attempt > 1 && (
          <Attempts
            latest={task.attempt}
            shown={attempt}
            choose={(another) => setSearch({ attempt: String(another) })}
          />
        )}
        <span className="grow dim">{task.finishedAt === null && words.recording.soFar}</span>
        <DownloadCast taskId={task.id} attempt={attempt} />
      </div>
      <Recorded key={attempt} task={task} attempt={attempt} />
    </section>
  )
}

function Recorded({ task, attempt }: { task: Schemas['TaskDetail']; attempt: number }) {
  const { data: cast, error, isPending, refetch } = useQuery(recording(task.id, attempt))
  const events = useEvents(task.id).data
  const isAdmin = useMe()?.role === 'admin'
  const inputs = useQuery({ ...terminalInputs(task.id), enabled: isAdmin }).data
  const shown = useMemo(() => {
    if (!cast || !events) return null
    return withMarks(cast, marksOf(attempt, beganAt(cast) ?? 0, events, inputs ?? []))
  }, [cast, events, inputs, attempt])
  if (error) return <Broken error={error} again={() => void refetch()} />
  if (isPending) return <Ghost />
  if (cast === null) return <Empty title={words.recording.tooLong} />
  if (isEmpty(cast)) return <Empty title={words.recording.empty} />
  return <Suspense fallback={<Ghost />}>{shown && <Player {...shown} />}</Suspense>
}

function DownloadCast({ taskId, attempt }: { taskId: number; attempt: number }) {
  const download = async () => {
    try {
      const file = await recordingFile(taskId, attempt)
      saveAs(await file.blob(), `task-${taskId}-${attempt}.cast`)
    } catch (error) {
      sayBroken(error)
    }
  }
  return (
    <Button
      look="quiet"
      size="square"
      aria-label={words.recording.download}
      title={words.recording.download}
      onClick={download}
    >
      <Download className="i" />
    </Button>
  )
}

/** As the server reads a URL: of a view that stands in it twice it takes the first, which would have
 *  it send the same page again and again. */
function loadAnew(): void {
  const once = `?${new URLSearchParams(Object.fromEntries(new URLSearchParams(location.search)))}`
  if (once === location.search) location.reload()
  else location.replace(location.pathname + once + location.hash)
}

/** Whether this document may play; a server that says nothing of it has no policy against it. */
function mayPlay(): boolean {
  const said = document.querySelector<HTMLMetaElement>('meta[name="muster-plays"]')?.content
  return said !== 'no'
}
