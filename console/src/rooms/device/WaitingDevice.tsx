import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { asProblem } from '../../api/problem'
import { approve, deny, useDevice } from '../../queries/device'
import { useMe } from '../../queries/me'
import { Broken } from '../../ui/Broken'
import { Button } from '../../ui/Button'
import { detailOf } from '../../ui/detail'
import { Empty } from '../../ui/Empty'
import { ErrorLine } from '../../ui/FormError'
import { Ghost } from '../../ui/Ghost'
import { When } from '../../ui/When'
import { words } from '../../words'
import styles from './device.module.css'

/** What asks, and from where; let in or refused. */
export function WaitingDevice({ code, onAnother }: { code: string; onAnother: () => void }) {
  const device = useDevice(code)
  const me = useMe()
  const letIn = useMutation({ mutationFn: () => approve(code) })
  const refuse = useMutation({ mutationFn: () => deny(code) })
  const answering = [letIn, refuse].find(({ isError }) => isError)
  if (letIn.isSuccess) return <LetIn />
  if (refuse.isSuccess) return <Empty title={words.device.denied}>{words.device.deniedAbout}</Empty>
  if (device.isPending) return <Ghost rows={3} />
  if (device.isError) return <NotWaiting error={device.error} onAnother={onAnother} />
  const { clientName, address, requestedAt, expiresAt } = device.data
  const isBusy = letIn.isPending || refuse.isPending
  return (
    <div className={styles.narrow}>
      <h2 className={styles.asks}>{words.device.asks(clientName)}</h2>
      <p className="soft">{words.device.warning}</p>
      <dl className="facts">
        <dt>{words.device.device}</dt>
        <dd>
          {clientName} <span className="dim">{words.device.saysOfItself}</span>
        </dd>
        <dt>{words.device.from}</dt>
        <dd className="mono">{address}</dd>
        <dt>{words.device.requested}</dt>
        <dd>
          <When at={requestedAt} />
        </dd>
        <dt>{words.device.ends}</dt>
        <dd>
          <When at={expiresAt} />
        </dd>
        <dt>{words.device.signedInAs}</dt>
        <dd>{me?.name}</dd>
      </dl>
      {answering && <ErrorLine text={detailOf(asProblem(answering.error))} />}
      <div className="row">
        <Button look="main" disabled={isBusy} onClick={() => letIn.mutate()}>
          {words.device.approve}
        </Button>
        <Button look="bad" disabled={isBusy} onClick={() => refuse.mutate()}>
          {words.device.deny}
        </Button>
      </div>
    </div>
  )
}

function LetIn() {
  return (
    <Empty title={words.device.approved}>
      <p>{words.device.approvedAbout}</p>
      <Link className="btn" to="/profile">
        {words.device.sessions}
      </Link>
    </Empty>
  )
}

function NotWaiting({ error, onAnother }: { error: Error; onAnother: () => void }) {
  if (asProblem(error).status !== 404) return <Broken error={error} />
  return (
    <Empty title={words.device.gone}>
      <Button onClick={onAnother}>{words.device.another}</Button>
    </Empty>
  )
}
