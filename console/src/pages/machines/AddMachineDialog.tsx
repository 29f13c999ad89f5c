import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { Schemas } from '../../api/client'
import { asProblem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { Button } from '../../components/controls/Button'
import { CopyableLine } from '../../components/controls/CopyButton'
import { Dialog } from '../../components/dialogs/Dialog'
import { Field } from '../../components/forms/Field'
import { locale, strings } from '../../i18n'
import { formatTime } from '../../lib/format/times'
import { hasLoopbackUrl } from '../../lib/net/loopback'
import { useCreateEnrollmentToken } from '../../queries/enrollment'
import { useMe } from '../../queries/me'
import styles from './dialogs.module.css'
import { EnrollmentSteps } from './EnrollmentSteps'

type Token = Schemas['CreatedToken']

/** A dialog that adds a machine: a token, the commands to run there, and the machine's progress. */
export function AddMachineDialog({ onClose }: { onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null)
  const [label, setLabel] = useState('')
  const { mutate, data: token, error, isPending, reset } = useCreateEnrollmentToken()
  const addAnother = () => {
    reset()
    setLabel('')
  }
  return (
    <Dialog
      title={strings.machines.add}
      isOpen
      first={field}
      onClose={onClose}
      foot={
        token ? (
          <>
            <Button variant="main" onClick={onClose}>
              {strings.machines.done}
            </Button>
            <Button onClick={addAnother}>{strings.machines.addAnother}</Button>
            <span className="hint grow">{strings.machines.enrollsInBackground}</span>
          </>
        ) : (
          <>
            <Button variant="main" disabled={isPending} onClick={() => mutate({ label })}>
              {strings.machines.makeToken}
            </Button>
            <Button onClick={onClose}>{strings.common.cancel}</Button>
          </>
        )
      }
    >
      {token ? (
        <EnrollmentInstructions token={token} />
      ) : (
        <>
          <p className="soft">{strings.machines.addWhat}</p>
          <Field
            label={strings.machines.label}
            hint={strings.machines.labelHint}
            error={error ? problemText(asProblem(error)) : undefined}
          >
            <input
              ref={field}
              className="input"
              maxLength={200}
              value={label}
              onChange={(event) => setLabel(event.target.value)}
            />
          </Field>
        </>
      )}
    </Dialog>
  )
}

function EnrollmentInstructions({ token }: { token: Token }) {
  const until = formatTime(new Date(token.expiresAt), locale)
  return (
    <>
      <div className={styles.toRun}>
        {hasLoopbackUrl(token.installLine ?? location.origin) && <LoopbackWarning />}
        {token.installLine === null ? (
          <ManualInstructions token={token.token} />
        ) : (
          <>
            <span className="label">{strings.machines.paste}</span>
            <CopyableLine text={token.installLine} what={strings.machines.line} />
            <p className="hint">{strings.machines.asWhom}</p>
          </>
        )}
        <p className="hint">{strings.machines.pasteHint(until)}</p>
      </div>
      <EnrollmentSteps tokenId={token.id} />
    </>
  )
}

/** Says why the line works on no other machine, and what to do. */
function LoopbackWarning() {
  const isAdmin = useMe()?.role === 'admin'
  return (
    <div className="notice" data-is="needs" role="status">
      <p>
        {strings.machines.loopback}{' '}
        {isAdmin && (
          <Link className="link" to="/admin/settings" search={{ q: 'publicUrl' } as never}>
            {strings.machines.setPublicUrl}
          </Link>
        )}
      </p>
    </div>
  )
}

/** The commands to run if the server has no package for machines. */
function ManualInstructions({ token }: { token: string }) {
  const enroll = `echo ${token} | python -m muster worker enroll --server ${location.origin} --token -`
  return (
    <>
      <span className="label">{strings.machines.paste}</span>
      <p className="hint">{strings.machines.pasteFirst}</p>
      <CopyableLine text={enroll} what={strings.machines.line} />
      <span className="label">{strings.machines.thenRun}</span>
      <CopyableLine text="python -m muster worker run" what={strings.machines.line} />
    </>
  )
}
