import { encode } from 'uqr'
import type { Schemas } from '../../api/client'
import { verifyFactor } from '../../queries/profile'
import { CopyLine } from '../../ui/Copy'
import { Field } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { words } from '../../words'
import styles from './profile.module.css'
import { qrPath } from './qrPath'

/** The QR code and the key for the app, and the code that it shows then. */
export function FactorDialog(props: {
  setup: Schemas['TotpSetup']
  onVerified: (recoveryCodes: string[]) => void
  onClose: () => void
}) {
  return (
    <FormDialog
      title={words.profile.factor}
      submit={words.profile.verify}
      act={({ text }) => verifyFactor(text('code').replace(/\s/g, ''))}
      done={props.onVerified}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <p>{words.profile.scan}</p>
          <div className={styles.qr}>
            <QrCode text={props.setup.uri} />
          </div>
          <CopyLine text={props.setup.secret} what={words.profile.key} />
          <Field label={words.profile.code} error={form.errorOf('code')}>
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

/** Black on white in both themes: not every camera reads it the other way. */
function QrCode({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 2 })
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={words.profile.qr}>
      <rect width={size} height={size} fill="#fff" />
      <path d={qrPath(data)} fill="#000" />
    </svg>
  )
}
