import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { asProblem } from '../../api/problem'
import { signIn } from '../../session/session'
import { Button } from '../../ui/Button'
import { Field } from '../../ui/Field'
import { Page } from '../../ui/Page'
import { words } from '../../words'

export default function LoginPage() {
  const { next } = useSearch({ strict: false }) as { next?: string }
  const navigate = useNavigate()
  const [wrong, setWrong] = useState<string>()
  const [wantsCode, setWantsCode] = useState(false)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const given = new FormData(event.currentTarget)
    const text = (name: string) => String(given.get(name) ?? '')
    try {
      await signIn(text('username'), text('password'), text('code'))
      await navigate({ href: next ?? '/', replace: true })
    } catch (error) {
      const { code, detail } = asProblem(error)
      if (code === 'totp_required') setWantsCode(true)
      else setWrong(code === 'invalid_credentials' ? words.login.wrong : detail)
    }
  }
  return (
    <Page title={words.login.title}>
      <form onSubmit={submit} style={{ display: 'grid', gap: 'var(--s4)', maxWidth: 320 }}>
        <Field label={words.login.username} error={wrong}>
          <input className="input" name="username" autoComplete="username" required />
        </Field>
        <Field label={words.login.password}>
          <input
            className="input"
            name="password"
            type="password"
            autoComplete="current-password"
            required
          />
        </Field>
        {wantsCode && (
          <Field label={words.login.code}>
            <input className="input" name="code" autoComplete="one-time-code" />
          </Field>
        )}
        <Button look="main" type="submit">
          {words.login.submit}
        </Button>
      </form>
    </Page>
  )
}
