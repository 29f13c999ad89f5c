import { Button } from '../../ui/Button'
import { ErrorLine } from '../../ui/FormError'
import { useTitle } from '../../ui/Page'
import { useForm } from '../../ui/useForm'
import { words } from '../../words'
import styles from './login.module.css'
import { loginFailure } from './loginFailure'

/** The second step: a code, or a recovery code. */
export function CodeForm(props: { act: (code: string) => Promise<void>; onBack: () => void }) {
  useTitle(words.login.codeTitle)
  const form = useForm(({ text }) => props.act(text('code').replace(/\s/g, '')))
  const wrong = form.problem && loginFailure(form.problem, words)
  return (
    <section id="code">
      <h1 className={styles.title}>{words.login.codeTitle}</h1>
      <p className="soft">{words.login.codeAbout}</p>
      <form className={`${styles.form} ${styles.code}`} onSubmit={form.onSubmit}>
        <div className="field">
          <label className="hidden" htmlFor="one-time-code">
            {words.login.code}
          </label>
          <input
            className="input"
            id="one-time-code"
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={40}
            required
            // biome-ignore lint/a11y/noAutofocus: it is the step's one field
            autoFocus
            aria-invalid={wrong ? true : undefined}
            aria-describedby={wrong ? 'wrong' : undefined}
          />
        </div>
        {wrong && <ErrorLine id="wrong" text={wrong} />}
        <Button look="main" type="submit" disabled={form.isBusy}>
          {words.login.confirm}
        </Button>
        <Button look="quiet" onClick={props.onBack}>
          {words.login.back}
        </Button>
      </form>
    </section>
  )
}
