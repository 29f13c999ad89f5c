import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { asProblem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { Button } from '../../components/controls/Button'
import { EmptyState } from '../../components/feedback/EmptyState'
import { ErrorMessage } from '../../components/feedback/ErrorMessage'
import { Skeleton } from '../../components/feedback/Skeleton'
import { ErrorLine } from '../../components/forms/FormError'
import { RelativeTime } from '../../components/status/RelativeTime'
import { strings } from '../../i18n'
import { approveDevice, denyDevice, useDevice } from '../../queries/device'
import { useMe } from '../../queries/me'
import styles from './device.module.css'

/** A device's request to sign in: its name and address, and buttons that approve or deny it. */
export function DeviceApproval({ code, onAnother }: { code: string; onAnother: () => void }) {
  const device = useDevice(code)
  const me = useMe()
  const letIn = useMutation({ mutationFn: () => approveDevice(code) })
  const refuse = useMutation({ mutationFn: () => denyDevice(code) })
  const answering = [letIn, refuse].find(({ isError }) => isError)
  if (letIn.isSuccess) return <DeviceApproved />
  if (refuse.isSuccess)
    return <EmptyState title={strings.device.denied}>{strings.device.deniedAbout}</EmptyState>
  if (device.isPending) return <Skeleton rows={3} />
  if (device.isError) return <RequestNotFound error={device.error} onAnother={onAnother} />
  const { clientName, address, requestedAt, expiresAt } = device.data
  const isBusy = letIn.isPending || refuse.isPending
  return (
    <div className={styles.narrow}>
      <h2 className={styles.asks}>{strings.device.asks(clientName)}</h2>
      <p className="soft">{strings.device.warning}</p>
      <dl className="facts">
        <dt>{strings.device.code}</dt>
        <dd className="mono">{code}</dd>
        <dt>{strings.device.device}</dt>
        <dd>
          {clientName} <span className="dim">{strings.device.selfReported}</span>
        </dd>
        <dt>{strings.device.from}</dt>
        <dd className="mono">{address}</dd>
        <dt>{strings.device.requested}</dt>
        <dd>
          <RelativeTime at={requestedAt} />
        </dd>
        <dt>{strings.device.ends}</dt>
        <dd>
          <RelativeTime at={expiresAt} />
        </dd>
        <dt>{strings.device.signedInAs}</dt>
        <dd>{me?.name}</dd>
      </dl>
      {answering && <ErrorLine text={problemText(asProblem(answering.error))} />}
      <div className="row">
        <Button variant="main" disabled={isBusy} onClick={() => letIn.mutate()}>
          {strings.device.approve}
        </Button>
        <Button variant="bad" disabled={isBusy} onClick={() => refuse.mutate()}>
          {strings.device.deny}
        </Button>
      </div>
    </div>
  )
}

function DeviceApproved() {
  return (
    <EmptyState title={strings.device.approved}>
      <p>{strings.device.approvedAbout}</p>
      <Link className="btn" to="/profile">
        {strings.device.sessions}
      </Link>
    </EmptyState>
  )
}

function RequestNotFound({ error, onAnother }: { error: Error; onAnother: () => void }) {
  if (asProblem(error).status !== 404) return <ErrorMessage error={error} />
  return (
    <EmptyState title={strings.device.notFound}>
      <Button onClick={onAnother}>{strings.device.another}</Button>
    </EmptyState>
  )
}
