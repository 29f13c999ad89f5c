import { LogIn } from 'lucide-react'
import { confirmSelf, useProviders } from '../queries/auth'
import { useMe } from '../queries/me'
import { words } from '../words'
import { Button } from './Button'
import { Field } from './Field'
import { FormDialog } from './FormDialog'
import { sayBroken } from './toasts'

/** Asks for the password, or a code, or sends to a provider. */
export default function ConfirmationDialog(props: { onAnswer: (isConfirmed: boolean) => void }) {
  const hasCode = useMe()?.totpEnabled ?? false
  const items = useProviders()?.items ?? []
  return (
    <FormDialog
      title={words.confirm.title}
      submit={words.confirm.submit}
      act={({ exact, text }) =>
        confirmSelf({ password: exact('password') || null, totpCode: text('totpCode') || null })
      }
      done={() => props.onAnswer(true)}
      onClose={() => props.onAnswer(false)}
    >
      {(form) => (
        <>
          <p className="soft">{words.confirm.about}</p>
          <Field label={words.confirm.password} error={form.errorOf('password')}>
            <input
              className="input"
              type="password"
              name="password"
              autoComplete="current-password"
            />
          </Field>
          {hasCode && (
            <Field
              label={words.confirm.code}
              hint={words.confirm.codeHint}
              error={form.errorOf('totpCode')}
            >
              <input
                className="input"
                name="totpCode"
                inputMode="numeric"
                autoComplete="one-time-code"
              />
            </Field>
          )}
          {items.length > 0 && <Elsewhere items={items} />}
        </>
      )}
    </FormDialog>
  )
}

function Elsewhere({ items }: { items: { name: string; label: string }[] }) {
  return (
    <div style={{ display: 'grid', gap: 'var(--s2)', justifyItems: 'start' }}>
      {items.map(({ name, label }) => (
        <Button key={name} onClick={() => void leaveFor(name)}>
          <LogIn className="i" aria-hidden="true" />
          {words.confirm.by(label)}
        </Button>
      ))}
      <span className="hint">{words.confirm.byAbout}</span>
    </div>
  )
}

async function leaveFor(provider: string): Promise<void> {
  const next = location.pathname + location.search
  try {
    const { url } = await confirmSelf({ provider, next })
    if (url) location.assign(url)
  } catch (error) {
    sayBroken(error)
  }
}
