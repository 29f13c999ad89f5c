import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client'
import { lookOf } from '../../lib/status'
import { restOf, titleOf } from '../../lib/title'
import { Copy } from '../../ui/Copy'
import { Status } from '../../ui/Status'
import { words } from '../../words'
import { Acts } from './Acts'
import { Description } from './Description'
import styles from './Head.module.css'
import { StageLine } from './StageLine'
import { useFilesChanged } from './useFilesChanged'
import { useWhy } from './useWhy'
import { Tabs } from './Views'

type Task = Schemas['TaskDetail']

/** What stands above all views of a task: where, what, how it stands and why, its stages. */
export function TaskHead({ task }: { task: Task }) {
  const rest = restOf(task.description)
  return (
    <header className={styles.head}>
      <Crumbs task={task} />
      <div className={styles.title}>
        <h1>{titleOf(task.description)}</h1>
        <Acts task={task} />
      </div>
      <Stands task={task} />
      {rest && <Description key={task.id} text={rest} />}
      <StageLine task={task} />
      <Tabs task={task} filesChanged={useFilesChanged(task)} />
    </header>
  )
}

function Crumbs({ task }: { task: Task }) {
  return (
    <nav aria-label={words.task.crumbs} className={styles.crumbs}>
      <Link className="tall" to="/tasks">
        {words.common.tasks}
      </Link>
      <span aria-hidden="true">/</span>
      <Link className="tall" to="/projects/$projectKey" params={{ projectKey: task.projectKey }}>
        {task.projectKey}
      </Link>
      <span aria-hidden="true">/</span>
      <span>#{task.id}</span>
      <Copy text={location.origin + location.pathname} what={words.task.link} />
    </nav>
  )
}

/** Polite: who listens hears that it stands otherwise, and why. */
function Stands({ task }: { task: Task }) {
  const { says, aside } = useWhy(task)
  const look = lookOf(task)
  return (
    <div className={styles.state}>
      <span role="status">
        <Status look={look} />
      </span>
      <span>{says}</span>
      {aside && <span className="dim">{aside}</span>}
    </div>
  )
}
