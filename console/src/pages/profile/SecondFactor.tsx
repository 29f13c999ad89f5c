import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '../../components/controls/Button'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { Field } from '../../components/forms/Field'
import { Section } from '../../components/page/Section'
import { StatusIcon } from '../../components/status/Status'
import { strings } from '../../i18n'
import { disableSecondFactor, setUpSecondFactor } from '../../queries/profile'
import { showErrorToast } from '../../state/toasts'
import { RecoveryCodesDialog } from './RecoveryCodesDialog'
import { SecondFactorDialog } from './SecondFactorDialog'

/** The second factor: off, in setup, just verified (shows its recovery codes), or on. */
export function SecondFactor({ isOn }: { isOn: boolean }) {
  const [recoveryCodes, showCodes] = useState<string[]>()
  const [isTurningOff, turnOff] = useState(false)
  const setup = useMutation({ mutationFn: setUpSecondFactor, onError: showErrorToast })
  const handleVerified = (codes: string[]) => {
    setup.reset()
    showCodes(codes)
  }
  return (
    <Section id="factor" title={strings.profile.factor} about={strings.profile.factorAbout}>
      <p className="row">
        <StatusIcon look={isOn ? 'completed' : 'cancelled'} />
        {isOn ? strings.profile.factorOn : strings.profile.factorOff}
      </p>
      {isOn ? (
        <Button variant="bad" onClick={() => turnOff(true)}>
          {strings.profile.turnOff}
        </Button>
      ) : (
        <Button disabled={setup.isPending} onClick={() => setup.mutate()}>
          {strings.profile.turnOn}
        </Button>
      )}
      {setup.data && (
        <SecondFactorDialog
          setup={setup.data}
          onVerified={handleVerified}
          onClose={() => setup.reset()}
        />
      )}
      {recoveryCodes && (
        <RecoveryCodesDialog codes={recoveryCodes} onClose={() => showCodes(undefined)} />
      )}
      {isTurningOff && <TurnOffDialog onClose={() => turnOff(false)} />}
    </Section>
  )
}

function TurnOffDialog({ onClose }: { onClose: () => void }) {
  return (
    <FormDialog
      isBad
      title={strings.profile.turnOffTitle}
      submit={strings.profile.turnOff}
      act={({ exact }) => disableSecondFactor(exact('password'))}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <Field label={strings.profile.currentPassword} error={form.errorOf('password')}>
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
