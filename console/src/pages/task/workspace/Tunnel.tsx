import { useState } from 'react'
import type { Schemas } from '../../../api/client'
import { asProblem } from '../../../api/problem'
import { problemText } from '../../../api/problemText'
import { Button } from '../../../components/controls/Button'
import { CopyableLine } from '../../../components/controls/CopyButton'
import { Field } from '../../../components/forms/Field'
import { locale, strings } from '../../../i18n'
import { formatTime } from '../../../lib/format/times'
import { useCloseTunnel, useOpenTunnel, useTunnel } from '../../../queries/workspace'
import styles from './Workspace.module.css'

const HOURS = [1, 4, 8, 24]
const OPEN_STATES = ['starting', 'connected', 'closing']
const WITHOUT_MACHINE = ['queued', 'completed', 'failed', 'cancelled']

type Props = { task: Schemas['TaskDetail'] }

/** The tunnel to the workspace: open it, visit it, close it. */
export function Tunnel({ task }: Props) {
  const { data: tunnel } = useTunnel(task.id)
  if (!tunnel) return null
  return (
    <section className={`panel ${styles.panel}`}>
      <h2 className="row">
        {strings.workspace.tunnel}
        <span className="badge" data-is={tunnelIcon(tunnel)}>
          {strings.workspace.tunnelStates[tunnel.state]}
        </span>
      </h2>
      <p className="hint">{strings.workspace.tunnelWhy}</p>
      {tunnel.error && (
        <p className="error" role="alert">
          {tunnel.error}
        </p>
      )}
      <TunnelControls task={task} tunnel={tunnel} />
    </section>
  )
}

function TunnelControls({ task, tunnel }: Props & { tunnel: Schemas['Tunnel'] }) {
  if (task.allowedActions.includes('tunnel')) {
    const isOpen = OPEN_STATES.includes(tunnel.state)
    return isOpen ? <OpenTunnel task={task} tunnel={tunnel} /> : <ClosedTunnel task={task} />
  }
  if (!WITHOUT_MACHINE.includes(task.status)) return null
  return <p className="hint">{strings.workspace.notLive}</p>
}

function tunnelIcon({ state }: Schemas['Tunnel']): string | undefined {
  if (state === 'connected') return 'running'
  return state === 'failed' ? 'failed' : undefined
}

function OpenTunnel({ task, tunnel }: Props & { tunnel: Schemas['Tunnel'] }) {
  const close = useCloseTunnel(task.id)
  return (
    <>
      {tunnel.url && <CopyableLine text={tunnel.url} what={strings.workspace.address} />}
      <p className="dim">
        {tunnel.expiresAt &&
          strings.workspace.openUntil(formatTime(new Date(tunnel.expiresAt), locale))}
        {tunnel.restarts > 0 && `, ${strings.workspace.restarts(tunnel.restarts)}`}
      </p>
      {task.gate && <p className="hint">{strings.workspace.holdsGate}</p>}
      <div className="row wrap">
        {tunnel.url && (
          <a className="btn main" href={tunnel.url} target="_blank" rel="noreferrer noopener">
            {strings.workspace.goThere}
          </a>
        )}
        <Button disabled={close.isPending} onClick={() => close.mutate()}>
          {strings.workspace.close}
        </Button>
      </div>
      <TunnelError error={close.error} />
    </>
  )
}

function ClosedTunnel({ task }: Props) {
  const [hours, setHours] = useState(4)
  const open = useOpenTunnel(task.id)
  return (
    <>
      <div className={styles.open}>
        <Field label={strings.workspace.for}>
          <select
            className="input"
            value={hours}
            onChange={({ target }) => setHours(Number(target.value))}
          >
            {HOURS.map((n) => (
              <option key={n} value={n}>
                {strings.workspace.hours(n)}
              </option>
            ))}
          </select>
        </Field>
        <Button disabled={open.isPending} onClick={() => open.mutate(hours * 3600)}>
          {strings.workspace.open}
        </Button>
      </div>
      <TunnelError error={open.error} />
    </>
  )
}

function TunnelError({ error }: { error: Error | null }) {
  return error ? (
    <p className="error" role="alert">
      {problemText(asProblem(error))}
    </p>
  ) : null
}
