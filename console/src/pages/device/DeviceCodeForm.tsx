import { Button } from '../../components/controls/Button'
import { Field } from '../../components/forms/Field'
import { useForm } from '../../components/forms/useForm'
import { strings } from '../../i18n'
import styles from './device.module.css'

export function DeviceCodeForm({ onCode }: { onCode: (code: string) => void }) {
  const form = useForm(async ({ text }) => onCode(text('code').toUpperCase()))
  return (
    <form className={styles.narrow} onSubmit={form.onSubmit}>
      <Field label={strings.device.code} hint={strings.device.codeHint}>
        <input
          className={`input ${styles.code}`}
          name="code"
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={20}
          required
        />
      </Field>
      <div className="row">
        <Button variant="main" type="submit">
          {strings.device.find}
        </Button>
      </div>
    </form>
  )
}
