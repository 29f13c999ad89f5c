import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { agentsOf } from '../../lib/fleet'
import { clockWithSeconds } from '../../lib/times'
import { onNews } from '../../live/stream'
import { enrollmentKey, useEnrollment } from '../../queries/enrollment'
import { StatusMark } from '../../ui/Status'
import { locale, words } from '../../words'
import { Agents } from './Agents'
import styles from './dialogs.module.css'
import { subline } from './subline'

/** Token redeemed, connected, agents found, first task: what has come, and what comes next. */
export function EnrollSteps({ tokenId }: { tokenId: number }) {
  const { data: come } = useEnrollment(tokenId)
  useReadAnewWithNews(tokenId)
  const machine = come?.machine ?? null
  const isFound = come?.connectedAt != null && machine !== null
  const hasAgents = isFound && agentsOf(machine).length > 0
  const isOver = come?.status === 'expired' || come?.status === 'revoked'
  return (
    <section aria-labelledby="progress-title">
      <h3 id="progress-title">{words.machines.progress}</h3>
      {isOver && <p className="error">{words.machines.expired}</p>}
      <ol className={styles.enroll} aria-live="polite">
        <Step name={words.machines.steps.redeemed} at={come?.usedAt}>
          {machine ? machine.name : words.machines.toRedeem}
        </Step>
        <Step name={words.machines.steps.connected} at={come?.connectedAt}>
          {isFound ? subline(machine) : words.machines.toConnect}
        </Step>
        <Step name={words.machines.steps.agents} at={hasAgents ? come?.connectedAt : null}>
          {hasAgents && <Agents machine={machine} />}
          {isFound && !hasAgents && words.machines.noAgentFound}
          {!isFound && words.machines.toFind}
        </Step>
        <Step name={words.machines.steps.task} at={come?.firstTask?.startedAt}>
          {come?.firstTask ? (
            <Link
              className="link"
              to="/tasks/$taskId"
              params={{ taskId: String(come.firstTask.taskId) }}
            >
              {words.machines.firstTask(come.firstTask.taskId)}
            </Link>
          ) : (
            words.machines.toRun(machine?.name ?? words.machines.itself)
          )}
        </Step>
      </ol>
    </section>
  )
}

function Step(props: { name: string; at: string | null | undefined; children: ReactNode }) {
  const { name, at, children } = props
  const look = at ? 'completed' : 'future'
  return (
    <li className={at ? undefined : styles.to}>
      <span className="tone" data-is={at ? 'completed' : 'queued'}>
        <StatusMark look={look} />
      </span>
      <div>
        <b>{name}</b>
        <p>{children}</p>
      </div>
      {at && <time dateTime={at}>{clockWithSeconds(new Date(at), locale)}</time>}
    </li>
  )
}

/** A machine that comes, or a task that begins, is told by the stream. */
function useReadAnewWithNews(tokenId: number): void {
  const cache = useQueryClient()
  useEffect(() => {
    const anew = () => void cache.invalidateQueries({ queryKey: enrollmentKey(tokenId) })
    return onNews((news) => {
      if (news.machines === null || news.machines.length > 0 || news.events.length > 0) anew()
    }, anew)
  }, [cache, tokenId])
}
