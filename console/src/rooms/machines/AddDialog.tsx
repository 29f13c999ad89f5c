import { useState } from 'react'
import type { Schemas } from '../../api/client'
import { asProblem } from '../../api/problem'
import { clock } from '../../lib/times'
import { useNewToken } from '../../queries/enrollment'
import { Button } from '../../ui/Button'
import { CopyLine } from '../../ui/Copy'
import { Dialog } from '../../ui/Dialog'
import { detailOf } from '../../ui/detail'
import { Field } from '../../ui/Field'
import { locale, words } from '../../words'
import styles from './dialogs.module.css'
import { EnrollSteps } from './EnrollSteps'

type Token = Schemas['CreatedToken']

/** Lets a machine in: a token, what to run there, and how far the machine has come. */
export function AddDialog({ onClose }: { onClose: () => void }) {
  const [label, setLabel] = useState('')
  const { mutate, data: token, error, isPending, reset } = useNewToken()
  const again = () => {
    reset()
    setLabel('')
  }
  return (
    <Dialog
      title={words.machines.add}
      isOpen
      onClose={onClose}
      foot={
        token ? (
          <>
            <Button look="main" onClick={onClose}>
              {words.machines.done}
            </Button>
            <Button onClick={again}>{words.machines.addAnother}</Button>
            <span className="hint grow">{words.machines.goesOn}</span>
          </>
        ) : (
          <>
            <Button look="main" disabled={isPending} onClick={() => mutate({ label })}>
              {words.machines.makeToken}
            </Button>
            <Button onClick={onClose}>{words.common.cancel}</Button>
          </>
        )
      }
    >
      {token ? (
        <ToRun token={token} />
      ) : (
        <>
          <p className="soft">{words.machines.addWhat}</p>
          <Field
            label={words.machines.label}
            hint={words.machines.labelHint}
            error={error ? detailOf(asProblem(error)) : undefined}
          >
            <input
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

function ToRun({ token }: { token: Token }) {
  const until = clock(new Date(token.expiresAt), locale)
  return (
    <>
      <div className={styles.toRun}>
        {token.installLine === null ? (
          <ByHand token={token.token} />
        ) : (
          <>
            <span className="label">{words.machines.paste}</span>
            <CopyLine text={token.installLine} what={words.machines.line} />
            <p className="hint">{words.machines.asWhom}</p>
          </>
        )}
        <p className="hint">{words.machines.pasteHint(until)}</p>
      </div>
      <EnrollSteps tokenId={token.id} />
    </>
  )
}

/** What to run where the server has no package for machines. */
function ByHand({ token }: { token: string }) {
  const enroll = `echo ${token} | python -m muster worker enroll --server ${location.origin} --token -`
  return (
    <>
      <span className="label">{words.machines.paste}</span>
      <p className="hint">{words.machines.pasteFirst}</p>
      <CopyLine text={enroll} what={words.machines.line} />
      <span className="label">{words.machines.thenRun}</span>
      <CopyLine text="python -m muster worker run" what={words.machines.line} />
    </>
  )
}
