import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { ownPath } from '../../lib/place'
import { isSafeHere, signIn } from '../../session/session'
import { CodeForm } from './CodeForm'
import { Insecure } from './Insecure'
import { LoginFrame } from './LoginFrame'
import { NameForm } from './NameForm'

type Search = { next?: string; error?: string }
type Name = { username: string; password: string }

/** Name and password, then a code where a second factor is on; or a provider. */
export default function LoginPage() {
  const { next, error } = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const [known, setKnown] = useState<Name | null>(null)
  const enter = async (name: Name, code?: string) => {
    if (await signIn(name.username, name.password, code)) {
      await navigate({ href: ownPath(next), replace: true })
    } else setKnown(name)
  }
  return (
    <LoginFrame>
      {!isSafeHere() ? (
        <Insecure />
      ) : known ? (
        <CodeForm act={(code) => enter(known, code)} onBack={() => setKnown(null)} />
      ) : (
        <NameForm act={(name) => enter(name)} next={ownPath(next)} refused={error} />
      )}
    </LoginFrame>
  )
}
