import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { money, short, whole } from '../../lib/numbers'
import { duration } from '../../lib/times'
import { titleOf } from '../../lib/title'
import { useRunning, useStats } from '../../queries/running'
import { StatusMark } from '../../ui/Status'
import { When } from '../../ui/When'
import { locale, words } from '../../words'
import styles from './Needs.module.css'

/** What runs meanwhile, and how today is. */
export function Side() {
  const stats = useStats()
  return (
    <aside className={styles.side} aria-label={words.needs.whatRuns}>
      <Running stats={stats} />
      {stats && <Today stats={stats} />}
    </aside>
  )
}

function Running({ stats }: { stats: Schemas['Stats'] | undefined }) {
  const { data: tasks } = useRunning()
  const more = (stats?.tasks.running ?? 0) - (tasks?.length ?? 0)
  return (
    <section>
      <h2>
        {words.needs.running}{' '}
        {stats && (
          <span className="dim">{words.needs.ofSlots(stats.slots.used, stats.slots.total)}</span>
        )}
      </h2>
      <ul className={styles.runs}>
        {tasks?.map((task) => (
          <Runs key={task.id} task={task} />
        ))}
      </ul>
      {tasks?.length === 0 && <p className={`dim ${styles.none}`}>{words.needs.nothingRuns}</p>}
      {more > 0 && (
        <p className={styles.none}>
          <Link className="link" to="/tasks" search={{ status: 'running' } as never}>
            {words.needs.moreRun(more)}
          </Link>
        </p>
      )}
    </section>
  )
}

function Runs({ task }: { task: Schemas['ListedTask'] }) {
  const { currentStageIndex: index, stages, machineName } = task
  return (
    <li>
      <span className="tone" data-is="running">
        <StatusMark look="running" />
      </span>
      <Link className="cut tall" to="/tasks/$taskId" params={{ taskId: String(task.id) }}>
        {titleOf(task.description)}
      </Link>
      <span className="dim">
        <When at={task.startedAt ?? task.assignedAt} />
      </span>
      <span className={`cut ${styles.now}`}>
        {words.needs.inStage(index + 1, stages.length, stages[index]?.name ?? '')}
        {machineName && ` ${words.needs.onMachine(machineName)}`}
      </span>
    </li>
  )
}

function Today({ stats: { tasks, queue, usage } }: { stats: Schemas['Stats'] }) {
  const { inputTokens, outputTokens, cost, isEstimate } = usage.today
  const tokens = (inputTokens ?? 0) + (outputTokens ?? 0)
  const oldest = queue.oldestSeconds
  return (
    <section>
      <h2>{words.needs.today}</h2>
      <dl className={styles.today}>
        <Fact name={words.needs.completed} value={whole(tasks.completedToday, locale)} />
        <Fact name={words.needs.failed} value={whole(tasks.failedToday, locale)} />
        <Fact
          name={words.needs.oldest}
          value={oldest === null ? '–' : duration(oldest * 1000, words.units)}
        />
        <Fact
          name={words.needs.tokens}
          value={inputTokens === null ? words.common.notTold : short(tokens, locale)}
        />
        {cost !== null && (
          <Fact
            name={words.needs.cost}
            value={isEstimate ? words.needs.about(money(cost, locale)) : money(cost, locale)}
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
