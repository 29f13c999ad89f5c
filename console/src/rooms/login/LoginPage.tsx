import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { asProblem } from '../../api/problem'
import { ownPath } from '../../lib/place'
import { signIn } from '../../session/session'
import { CodeForm } from './CodeForm'
import { LoginFrame } from './LoginFrame'
import { NameForm } from './NameForm'

type Search = { next?: string; error?: string }
type Name = { username: string; password: string }

/** Name and password, then a code where a second factor is on; or a provider. */
export default function LoginPage() {
  const { next, error } = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const [known, setKnown] = useState<Name | null>(null)
  const enter = async ({ username, password }: Name, code?: string) => {
    await signIn(username, password, code)
    await navigate({ href: ownPath(next), replace: true })
  }
  const first = async (name: Name) => {
    try {
      await enter(name)
    } catch (problem) {
      if (asProblem(problem).code !== 'totp_required') throw problem
      setKnown(name)
    }
  }
  return (
    <LoginFrame>
      {known ? (
        <CodeForm act={(code) => enter(known, code)} onBack={() => setKnown(null)} />
      ) : (
        <NameForm act={first} next={ownPath(next)} refused={error} />
      )}
    </LoginFrame>
  )
}
