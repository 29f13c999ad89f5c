import { useLocation, useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { Schemas } from '../../../api/client'
import { EmptyState } from '../../../components/feedback/EmptyState'
import { strings } from '../../../i18n'
import { lineHash, parseLineHash, selectLines } from '../../../lib/log/lineLink'
import { nextMatch } from '../../../lib/log/search'
import { logLines } from '../../../queries/logs'
import { useSetSearch, useTaskSearch } from '../search'
import { Gaps } from './Gaps'
import { LogRows } from './LogRows'
import { LogToolbar } from './LogToolbar'
import styles from './log.module.css'
import { selectedAttempt } from './selectedAttempt'
import { useLogSearch } from './useLogSearch'

/** The output of an attempt, line by line. */
export default function LogTab({ task }: { task: Schemas['TaskDetail'] }) {
  const search = useTaskSearch()
  const attempt = selectedAttempt(search.attempt, task.attempt)
  if (attempt === 0) return <EmptyState title={strings.log.notYet} />
  return <Log key={attempt} task={task} attempt={attempt} byte={search.offset} />
}

type Props = { task: Schemas['TaskDetail']; attempt: number; byte: string | undefined }

function Log({ task, attempt, byte }: Props) {
  const setSearch = useSetSearch()
  const meant = parseLineHash(useLocation({ select: ({ hash }) => hash }))
  const isGrowing = task.finishedAt === null && attempt === task.attempt
  const [follows, setFollows] = useState(isGrowing && !meant && byte === undefined)
  const [goTo, setGoTo] = useState(meant && { line: meant.first })
  const [sought, setSought] = useState('')
  const [seen, setSeen] = useState({ first: 0, total: 0 })
  const found = useLogSearch(task.id, attempt, sought, seen.total > 0)
  const go = useCallback((line: number) => {
    setFollows(false)
    setGoTo({ line })
  }, [])
  const goToByte = useCallback(
    async (at: number) => {
      const [line] = (await logLines(task.id, attempt, { byte: at }, 1)).items
      if (line) go(line.number)
    },
    [task.id, attempt, go],
  )
  useEffect(() => {
    if (byte && /^\d{1,15}$/.test(byte)) void goToByte(Number(byte)).catch(() => {})
  }, [byte, goToByte])
  const press = useSelectLines()
  const step = (back: boolean) => {
    const at = goTo?.line ?? (back ? seen.total : -1)
    const line = found.lines[nextMatch(found.lines, at, back)]
    if (line !== undefined) go(line)
  }
  return (
    <section className={`task-view ${styles.log}`} aria-label={strings.log.title}>
      <LogToolbar
        task={task}
        attempt={attempt}
        onAttempt={(another) => setSearch({ attempt: String(another), offset: undefined })}
        visible={seen}
        query={sought}
        onSought={setSought}
        found={found}
        step={step}
        at={goTo ? found.lines.indexOf(goTo.line) : -1}
        follows={follows}
        onFollow={isGrowing ? setFollows : undefined}
      />
      <Gaps taskId={task.id} attempt={attempt} hasLines={seen.total > 0} go={goToByte} />
      <LogRows
        taskId={task.id}
        attempt={attempt}
        goTo={goTo}
        follows={follows}
        onFollow={isGrowing ? setFollows : noop}
        selected={meant}
        onPress={press}
        query={sought}
        onVisibleChange={setSeen}
      />
    </section>
  )
}

/** Returns a function that stores the clicked lines in the URL. */
function useSelectLines() {
  const navigate = useNavigate()
  return useMemo(
    () => (line: number, isShift: boolean) => {
      const before = parseLineHash(location.hash)
      void navigate({
        to: '.',
        search: true,
        hash: lineHash(selectLines(line, before, isShift)),
        hashScrollIntoView: false,
        resetScroll: false,
        replace: true,
      } as never)
    },
    [navigate],
  )
}

const noop = () => {}
