import { encode } from 'uqr'
import type { Schemas } from '../../api/client'
import { CopyableLine } from '../../components/controls/CopyButton'
import { FormDialog } from '../../components/dialogs/FormDialog'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { verifySecondFactor } from '../../queries/profile'
import styles from './profile.module.css'
import { qrPath } from './qrPath'

/** The QR code and key for the authenticator app, and a field for the app's code. */
export function SecondFactorDialog(props: {
  setup: Schemas['TotpSetup']
  onVerified: (recoveryCodes: string[]) => void
  onClose: () => void
}) {
  return (
    <FormDialog
      title={strings.profile.factor}
      submit={strings.profile.verify}
      act={({ text }) => verifySecondFactor(text('code').replace(/\s/g, ''))}
      done={props.onVerified}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <p>{strings.profile.scan}</p>
          <div className={styles.qr}>
            <QrCode text={props.setup.uri} />
          </div>
          <CopyableLine text={props.setup.secret} what={strings.profile.key} />
          <Field label={strings.profile.code} error={form.errorOf('code')}>
            <input
              className="input"
              name="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              required
            />
          </Field>
        </>
      )}
    </FormDialog>
  )
}

/** A QR code, black on white in both themes: not every camera reads inverted ones. */
function QrCode({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 2 })
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={strings.profile.qr}>
      <rect width={size} height={size} fill="#fff" />
      <path d={qrPath(data)} fill="#000" />
    </svg>
  )
}
