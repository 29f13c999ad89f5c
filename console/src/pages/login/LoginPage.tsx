import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { hasSecureContext, signIn } from '../../auth/session'
import { safeRedirectPath } from '../../lib/net/loginRedirect'
import { CodeForm } from './CodeForm'
import { InsecureOrigin } from './InsecureOrigin'
import { LoginLayout } from './LoginLayout'
import { PasswordForm } from './PasswordForm'

type Search = { next?: string; error?: string }
type Credentials = { username: string; password: string }

/** The sign-in page: name and password, then a code if a second factor is on; or a provider. */
export default function LoginPage() {
  const { next, error } = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const [known, setKnown] = useState<Credentials | null>(null)
  const enter = async (name: Credentials, code?: string) => {
    if (await signIn(name.username, name.password, code)) {
      await navigate({ href: safeRedirectPath(next), replace: true })
    } else setKnown(name)
  }
  return (
    <LoginLayout>
      {!hasSecureContext() ? (
        <InsecureOrigin />
      ) : known ? (
        <CodeForm act={(code) => enter(known, code)} onBack={() => setKnown(null)} />
      ) : (
        <PasswordForm
          onSubmit={(name) => enter(name)}
          next={safeRedirectPath(next)}
          refused={error}
        />
      )}
    </LoginLayout>
  )
}
