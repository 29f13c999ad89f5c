import { DoorOpen, Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { providerErrorText } from '../../auth/providerErrors'
import { Button } from '../../components/controls/Button'
import { ErrorLine } from '../../components/forms/FormError'
import { useForm } from '../../components/forms/useForm'
import { useTitle } from '../../components/page/Page'
import { strings } from '../../i18n'
import { useProviders } from '../../queries/auth'
import styles from './login.module.css'
import { loginFailure } from './loginFailure'

type Props = {
  onSubmit: (name: { username: string; password: string }) => Promise<void>
  next: string
  /** Why the sign-in with a provider failed, if it did. */
  refused: string | undefined
}

export function PasswordForm({ onSubmit, next, refused }: Props) {
  useTitle(strings.login.title)
  const form = useForm(({ text, exact }) =>
    onSubmit({ username: text('username'), password: exact('password') }),
  )
  const wrong = form.problem
    ? loginFailure(form.problem, strings)
    : refused && providerErrorText(refused)
  const described = wrong ? { 'aria-invalid': true, 'aria-describedby': 'wrong' } : {}
  return (
    <section>
      <h1 className={styles.title}>{strings.login.title}</h1>
      <p className="soft">{strings.login.to(location.host)}</p>
      <form className={styles.form} onSubmit={form.onSubmit}>
        <div className="field">
          <label htmlFor="username">{strings.login.username}</label>
          <input
            className="input"
            id="username"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            {...described}
          />
        </div>
        <PasswordField described={described} />
        {wrong && <ErrorLine id="wrong" text={wrong} />}
        <Button variant="main" type="submit" disabled={form.isBusy}>
          {strings.login.submit}
        </Button>
        <ProviderLinks next={next} />
      </form>
    </section>
  )
}

function PasswordField({ described }: { described: object }) {
  const [isShown, show] = useState(false)
  return (
    <div className="field">
      <label htmlFor="password">{strings.login.password}</label>
      <div className={styles.pass}>
        <input
          className="input"
          id="password"
          name="password"
          type={isShown ? 'text' : 'password'}
          autoComplete="current-password"
          required
          {...described}
        />
        <Button
          variant="quiet"
          aria-label={isShown ? strings.login.hidePassword : strings.login.showPassword}
          onClick={() => show(!isShown)}
        >
          {isShown ? (
            <EyeOff className="i" aria-hidden="true" />
          ) : (
            <Eye className="i" aria-hidden="true" />
          )}
        </Button>
      </div>
    </div>
  )
}

function ProviderLinks({ next }: { next: string }) {
  const items = useProviders()?.items ?? []
  if (items.length === 0) return null
  // Return to this page, so that it can show what went wrong.
  const back = `/login?${new URLSearchParams({ next })}`
  return (
    <>
      <p className={styles.or}>{strings.login.or}</p>
      <div className={styles.others}>
        {items.map(({ name, label, startUrl }) => (
          <a key={name} className="btn" href={`${startUrl}?${new URLSearchParams({ next: back })}`}>
            <DoorOpen className="i" aria-hidden="true" />
            {label}
          </a>
        ))}
      </div>
    </>
  )
}
