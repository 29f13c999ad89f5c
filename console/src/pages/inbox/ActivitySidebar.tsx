import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { useTicking } from '../../components/hooks/useNow'
import { RelativeTime } from '../../components/status/RelativeTime'
import { StatusIcon } from '../../components/status/Status'
import { locale, strings } from '../../i18n'
import { formatCompact, formatInteger, formatMoney } from '../../lib/format/numbers'
import { formatDuration } from '../../lib/format/times'
import { activityText } from '../../lib/task/activity'
import { displayStatus } from '../../lib/task/displayStatus'
import { titleOf } from '../../lib/task/title'
import { useRunningTasks, useStats } from '../../queries/dashboard'
import styles from './Inbox.module.css'

/** The running tasks, and today's numbers. */
export function ActivitySidebar() {
  const stats = useStats()
  return (
    <aside className={styles.side} aria-label={strings.inbox.whatRuns}>
      <RunningTasks stats={stats} />
      {stats && <TodayStats stats={stats} />}
    </aside>
  )
}

function RunningTasks({ stats }: { stats: Schemas['Stats'] | undefined }) {
  const { data: tasks } = useRunningTasks()
  const all = stats ? stats.tasks.running + stats.tasks.assigned : 0
  const more = all - (tasks?.length ?? 0)
  return (
    <section>
      <h2>{strings.inbox.running}</h2>
      <ul className={styles.runs}>
        {tasks?.map((task) => (
          <RunningTask key={task.id} task={task} />
        ))}
      </ul>
      {tasks?.length === 0 && <p className={`dim ${styles.none}`}>{strings.inbox.nothingRuns}</p>}
      {more > 0 && (
        <p className={styles.none}>
          <Link className="link" to="/tasks" search={{ status: 'assigned,running' } as never}>
            {strings.inbox.moreRun(more)}
          </Link>
        </p>
      )}
    </section>
  )
}

function RunningTask({ task }: { task: Schemas['TaskListItem'] }) {
  const { currentStageIndex: index, stages, machineName } = task
  const { statusText: words, units } = strings
  const activity = useTicking((now) => activityText(task.activity, { words, units, now }))
  return (
    <li>
      <span className="tone" data-is={displayStatus(task)}>
        <StatusIcon look={displayStatus(task)} label={strings.status[displayStatus(task)]} />
      </span>
      <Link className="cut tall" to="/tasks/$taskId" params={{ taskId: String(task.id) }}>
        {titleOf(task.description)}
      </Link>
      <span className="dim">
        <RelativeTime at={task.startedAt ?? task.assignedAt} />
      </span>
      <span className={`cut ${styles.now}`}>
        {strings.inbox.inStage(index + 1, stages.length, stages[index]?.name ?? '')}
        {machineName && ` ${strings.inbox.onMachine(machineName)}`}
        {activity && `${strings.common.separators.colon}${activity}`}
      </span>
    </li>
  )
}

function TodayStats({ stats: { tasks, queue, slots, usage } }: { stats: Schemas['Stats'] }) {
  const { inputTokens, outputTokens, cost, isEstimate } = usage.today
  const tokens = (inputTokens ?? 0) + (outputTokens ?? 0)
  const oldest = queue.oldestSeconds
  return (
    <section>
      <h2>{strings.inbox.today}</h2>
      <dl className={styles.today}>
        <Fact name={strings.inbox.completed} value={formatInteger(tasks.completedToday, locale)} />
        <Fact name={strings.inbox.failed} value={formatInteger(tasks.failedToday, locale)} />
        <Fact
          name={strings.inbox.slotsInUse}
          value={strings.inbox.ofSlots(slots.used, slots.total)}
        />
        <Fact
          name={strings.inbox.oldest}
          value={oldest === null ? '–' : formatDuration(oldest * 1000, strings.units)}
        />
        <Fact
          name={strings.inbox.tokens}
          value={inputTokens === null ? strings.common.unknown : formatCompact(tokens, locale)}
        />
        {cost !== null && (
          <Fact
            name={strings.inbox.cost}
            value={
              isEstimate
                ? strings.inbox.about(formatMoney(cost, locale))
                : formatMoney(cost, locale)
            }
          />
        )}
      </dl>
    </section>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}
