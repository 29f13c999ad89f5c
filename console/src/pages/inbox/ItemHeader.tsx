import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client'
import styles from './Inbox.module.css'

type Task = Schemas['ListedTask']

/** An item's kind, and its task. */
export function ItemHeader(props: { kind: string; task: Task; children?: ReactNode }) {
  const { kind, task } = props
  return (
    <p className={styles.where}>
      <b className="soft">{kind}</b>
      <Link className="tall" to="/tasks/$taskId" params={{ taskId: String(task.id) }}>
        #{task.id}
      </Link>
      <span>{task.projectKey}</span>
      {props.children && <span>{props.children}</span>}
    </p>
  )
}

/** Text followed by an identifier in code style. */
export function TextWithCode({ parts: [before, code] }: { parts: string[] }) {
  return (
    <>
      {before}
      <code>{code}</code>
    </>
  )
}
