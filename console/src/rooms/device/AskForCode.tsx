import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { useForm } from '../../ui/useForm'
import { words } from '../../words'
import styles from './device.module.css'

export function AskForCode({ onCode }: { onCode: (code: string) => void }) {
  const form = useForm(async ({ text }) => onCode(text('code').toUpperCase()))
  return (
    <form className={styles.narrow} onSubmit={form.onSubmit}>
      <Field label={words.device.code} hint={words.device.codeHint}>
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
        <Button look="main" type="submit">
          {words.device.look}
        </Button>
      </div>
    </form>
  )
}
