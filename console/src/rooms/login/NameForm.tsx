import { DoorOpen, Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { useProviders } from '../../queries/auth'
import { Button } from '../../ui/Button'
import { ErrorLine } from '../../ui/FormError'
import { useTitle } from '../../ui/Page'
import { providerRefusal } from '../../ui/providerRefusal'
import { useForm } from '../../ui/useForm'
import { words } from '../../words'
import styles from './login.module.css'
import { loginFailure } from './loginFailure'

type Props = {
  act: (name: { username: string; password: string }) => Promise<void>
  next: string
  /** Why a provider's sign-in came to nothing, if it did. */
  refused: string | undefined
}

export function NameForm({ act, next, refused }: Props) {
  useTitle(words.login.title)
  const form = useForm(({ text, exact }) =>
    act({ username: text('username'), password: exact('password') }),
  )
  const wrong = form.problem
    ? loginFailure(form.problem, words)
    : refused && providerRefusal(refused)
  const described = wrong ? { 'aria-invalid': true, 'aria-describedby': 'wrong' } : {}
  return (
    <section>
      <h1 className={styles.title}>{words.login.title}</h1>
      <p className="soft">{words.login.to(location.host)}</p>
      <form className={styles.form} onSubmit={form.onSubmit}>
        <div className="field">
          <label htmlFor="username">{words.login.username}</label>
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
        <Password described={described} />
        {wrong && <ErrorLine id="wrong" text={wrong} />}
        <Button look="main" type="submit" disabled={form.isBusy}>
          {words.login.submit}
        </Button>
        <Providers next={next} />
      </form>
    </section>
  )
}

function Password({ described }: { described: object }) {
  const [isShown, show] = useState(false)
  return (
    <div className="field">
      <label htmlFor="password">{words.login.password}</label>
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
          look="quiet"
          aria-label={isShown ? words.login.hidePassword : words.login.showPassword}
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

function Providers({ next }: { next: string }) {
  const items = useProviders()?.items ?? []
  if (items.length === 0) return null
  // It comes back here, so that what went wrong there is told here.
  const back = `/login?${new URLSearchParams({ next })}`
  return (
    <>
      <p className={styles.or}>{words.login.or}</p>
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
