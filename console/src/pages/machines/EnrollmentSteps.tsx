import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { StatusIcon } from '../../components/status/Status'
import { locale, strings } from '../../i18n'
import { formatTimeWithSeconds } from '../../lib/format/times'
import { agentsOf } from '../../lib/machine/machines'
import { enrollmentKey, useEnrollment } from '../../queries/enrollment'
import { onStreamUpdate } from '../../realtime/stream'
import { Agents } from './Agents'
import styles from './dialogs.module.css'
import { hardwareSummary } from './hardwareSummary'

/** The steps of an enrollment: token redeemed, connected, agents found, first task. Shows what is
 *  done and what comes next. */
export function EnrollmentSteps({ tokenId }: { tokenId: number }) {
  const { data: come } = useEnrollment(tokenId)
  useRefetchOnUpdates(tokenId)
  const machine = come?.machine ?? null
  const isFound = come?.connectedAt != null && machine !== null
  const hasAgents = isFound && agentsOf(machine).length > 0
  const isOver = come?.status === 'expired' || come?.status === 'revoked'
  return (
    <section aria-labelledby="progress-title">
      <h3 id="progress-title">{strings.machines.progress}</h3>
      {isOver && <p className="error">{strings.machines.expired}</p>}
      <ol className={styles.enroll} aria-live="polite">
        <Step name={strings.machines.steps.redeemed} at={come?.usedAt}>
          {machine ? machine.name : strings.machines.toRedeem}
        </Step>
        <Step name={strings.machines.steps.connected} at={come?.connectedAt}>
          {isFound ? hardwareSummary(machine) : strings.machines.toConnect}
        </Step>
        <Step name={strings.machines.steps.agents} at={hasAgents ? come?.connectedAt : null}>
          {hasAgents && <Agents machine={machine} />}
          {isFound && !hasAgents && strings.machines.noAgentFound}
          {!isFound && strings.machines.toFind}
        </Step>
        <Step name={strings.machines.steps.task} at={come?.firstTask?.startedAt}>
          {come?.firstTask ? (
            <Link
              className="link"
              to="/tasks/$taskId"
              params={{ taskId: String(come.firstTask.taskId) }}
            >
              {strings.machines.firstTask(come.firstTask.taskId)}
            </Link>
          ) : (
            strings.machines.toRun(machine?.name ?? strings.machines.itself)
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
        <StatusIcon look={look} />
      </span>
      <div>
        <b>{name}</b>
        <p>{children}</p>
      </div>
      {at && <time dateTime={at}>{formatTimeWithSeconds(new Date(at), locale)}</time>}
    </li>
  )
}

/** Refetches the enrollment when the stream reports a machine or an event of a task. */
function useRefetchOnUpdates(tokenId: number): void {
  const cache = useQueryClient()
  useEffect(() => {
    const refetch = () => void cache.invalidateQueries({ queryKey: enrollmentKey(tokenId) })
    return onStreamUpdate((news) => {
      if (news.machines === null || news.machines.length > 0 || news.events.length > 0) refetch()
    }, refetch)
  }, [cache, tokenId])
}
