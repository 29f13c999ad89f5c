import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client'
import styles from './Inbox.module.css'

type Task = Schemas['ListedTask']

/** What kind of a thing it is, and of which task. */
export function ItemHeader(props: { kind: string; task: Task; children?: ReactNode }) {
  const { kind, task } = props
  return (
    <p className={styles.where}>
      <b className="soft">{kind}</b>
      <Link className="tall" to="/tasks/$taskId" params={{ taskId: String(task.id) }}>
        #{task.id}
      </Link>
      <span>{task.projectKey}</span>
      <span>{props.children}</span>
    </p>
  )
}

/** Words in which one is a name that a machine knows. */
export function TextWithCode({ said: [before, code] }: { said: string[] }) {
  return (
    <>
      {before}
      <code>{code}</code>
    </>
  )
}
