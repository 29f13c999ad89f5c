import { Button } from '../../components/controls/Button'
import { ErrorLine } from '../../components/forms/FormError'
import { useForm } from '../../components/forms/useForm'
import { useTitle } from '../../components/page/Page'
import { strings } from '../../i18n'
import styles from './login.module.css'
import { loginFailure } from './loginFailure'

/** The second step of the sign-in: a one-time code, or a recovery code. */
export function CodeForm(props: { act: (code: string) => Promise<void>; onBack: () => void }) {
  useTitle(strings.login.codeTitle)
  const form = useForm(({ text }) => props.act(text('code').replace(/\s/g, '')))
  const wrong = form.problem && loginFailure(form.problem, strings)
  return (
    <section id="code">
      <h1 className={styles.title}>{strings.login.codeTitle}</h1>
      <p className="soft">{strings.login.codeAbout}</p>
      <form className={`${styles.form} ${styles.code}`} onSubmit={form.onSubmit}>
        <div className="field">
          <label className="hidden" htmlFor="one-time-code">
            {strings.login.code}
          </label>
          <input
            className="input"
            id="one-time-code"
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={40}
            required
            // biome-ignore lint/a11y/noAutofocus: the step's only field
            autoFocus
            aria-invalid={wrong ? true : undefined}
            aria-describedby={wrong ? 'wrong' : undefined}
          />
        </div>
        {wrong && <ErrorLine id="wrong" text={wrong} />}
        <Button variant="main" type="submit" disabled={form.isBusy}>
          {strings.login.confirm}
        </Button>
        <Button variant="quiet" onClick={props.onBack}>
          {strings.login.back}
        </Button>
      </form>
    </section>
  )
}
