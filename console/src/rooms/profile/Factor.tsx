import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { setUpFactor, turnFactorOff } from '../../queries/profile'
import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { Section } from '../../ui/Section'
import { StatusMark } from '../../ui/Status'
import { sayBroken } from '../../ui/toasts'
import { words } from '../../words'
import { FactorDialog } from './FactorDialog'
import { RecoveryDialog } from './RecoveryDialog'

/** The second factor: off, being set up, just verified (its recovery codes are shown), on. */
export function Factor({ isOn }: { isOn: boolean }) {
  const [recoveryCodes, showCodes] = useState<string[]>()
  const [isTurningOff, turnOff] = useState(false)
  const setup = useMutation({ mutationFn: setUpFactor, onError: sayBroken })
  const verified = (codes: string[]) => {
    setup.reset()
    showCodes(codes)
  }
  return (
    <Section title={words.profile.factor} about={words.profile.factorAbout}>
      <p className="row">
        <StatusMark look={isOn ? 'completed' : 'cancelled'} />
        {isOn ? words.profile.factorOn : words.profile.factorOff}
      </p>
      {isOn ? (
        <Button look="bad" onClick={() => turnOff(true)}>
          {words.profile.turnOff}
        </Button>
      ) : (
        <Button disabled={setup.isPending} onClick={() => setup.mutate()}>
          {words.profile.turnOn}
        </Button>
      )}
      {setup.data && (
        <FactorDialog setup={setup.data} onVerified={verified} onClose={() => setup.reset()} />
      )}
      {recoveryCodes && (
        <RecoveryDialog codes={recoveryCodes} onClose={() => showCodes(undefined)} />
      )}
      {isTurningOff && <OffDialog onClose={() => turnOff(false)} />}
    </Section>
  )
}

function OffDialog({ onClose }: { onClose: () => void }) {
  return (
    <FormDialog
      isBad
      title={words.profile.turnOffTitle}
      submit={words.profile.turnOff}
      act={({ exact }) => turnFactorOff(exact('password'))}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <Field label={words.profile.currentPassword} error={form.errorOf('password')}>
          <input
            className="input"
            type="password"
            name="password"
            autoComplete="current-password"
            required
          />
        </Field>
      )}
    </FormDialog>
  )
}
