import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { asProblem } from '../../../api/problem'
import { clock } from '../../../lib/times'
import { isAsked } from '../../../queries/gates'
import { useCloseTunnel, useOpenTunnel, useTunnel } from '../../../queries/workspace'
import { Button } from '../../../ui/Button'
import { CopyLine } from '../../../ui/Copy'
import { detailOf } from '../../../ui/detail'
import { Field } from '../../../ui/Field'
import { locale, words } from '../../../words'
import { useMay } from '../useMay'
import styles from './Workspace.module.css'

const HOURS = [1, 4, 8, 24]
const OPEN = ['starting', 'connected', 'closing']
const ENDED = ['completed', 'failed', 'cancelled']

/** The tunnel into the workspace: open it, go there, close it. */
export function Tunnel({ task }: { task: Schemas['TaskDetail'] }) {
  const { data: tunnel } = useTunnel(task.id)
  const may = useMay(task)
  if (!tunnel) return null
  const isOpen = OPEN.includes(tunnel.state)
  return (
    <section className={`panel ${styles.panel}`}>
      <h2 className="row">
        {words.workspace.tunnel}
        <span className="badge" data-is={lookOf(tunnel)}>
          {words.workspace.tunnelStates[tunnel.state]}
        </span>
      </h2>
      <p className="hint">{words.workspace.tunnelWhy}</p>
      {tunnel.error && (
        <p className="error" role="alert">
          {tunnel.error}
        </p>
      )}
      {may.tunnel && (isOpen ? <Opened task={task} tunnel={tunnel} /> : <Closed task={task} />)}
    </section>
  )
}

function lookOf({ state }: Schemas['Tunnel']): string | undefined {
  if (state === 'connected') return 'running'
  return state === 'failed' ? 'failed' : undefined
}

function Opened({ task, tunnel }: { task: Schemas['TaskDetail']; tunnel: Schemas['Tunnel'] }) {
  const close = useCloseTunnel(task.id)
  return (
    <>
      {tunnel.url && <CopyLine text={tunnel.url} what={words.workspace.address} />}
      <p className="dim">
        {tunnel.expiresAt && words.workspace.until(clock(new Date(tunnel.expiresAt), locale))}
        {tunnel.restarts > 0 && `, ${words.workspace.restarts(tunnel.restarts)}`}
      </p>
      {isAsked(task) && <p className="hint">{words.workspace.holdsGate}</p>}
      <div className="row wrap">
        {tunnel.url && (
          <a className="btn main" href={tunnel.url} target="_blank" rel="noreferrer noopener">
            {words.workspace.goThere}
          </a>
        )}
        <Button disabled={close.isPending} onClick={() => close.mutate()}>
          {words.workspace.close}
        </Button>
      </div>
      <Refused error={close.error} />
    </>
  )
}

function Closed({ task }: { task: Schemas['TaskDetail'] }) {
  const [hours, setHours] = useState(4)
  const open = useOpenTunnel(task.id)
  if (ENDED.includes(task.status) || task.attempt === 0) {
    return <p className="hint">{words.workspace.notLive}</p>
  }
  return (
    <>
      <div className={styles.open}>
        <Field label={words.workspace.for}>
          <select
            className="input"
            value={hours}
            onChange={({ target }) => setHours(Number(target.value))}
          >
            {HOURS.map((n) => (
              <option key={n} value={n}>
                {words.workspace.hours(n)}
              </option>
            ))}
          </select>
        </Field>
        <Button disabled={open.isPending} onClick={() => open.mutate(hours * 3600)}>
          {words.workspace.open}
        </Button>
      </div>
      <Refused error={open.error} />
    </>
  )
}

function Refused({ error }: { error: Error | null }) {
  return error ? (
    <p className="error" role="alert">
      {detailOf(asProblem(error))}
    </p>
  ) : null
}
