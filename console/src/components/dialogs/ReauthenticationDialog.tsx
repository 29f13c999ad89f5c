import { LogIn } from 'lucide-react'
import { strings } from '../../i18n'
import { submitReauthentication, useProviders } from '../../queries/auth'
import { useMe } from '../../queries/me'
import { showErrorToast } from '../../state/toasts'
import { Button } from '../controls/Button'
import { Field } from '../forms/Field'
import { FormDialog } from './FormDialog'

/** A dialog that asks for the password or a code, or redirects to a provider. */
export default function ReauthenticationDialog(props: {
  onAnswer: (isConfirmed: boolean) => void
}) {
  const hasCode = useMe()?.totpEnabled ?? false
  const items = useProviders()?.items ?? []
  return (
    <FormDialog
      title={strings.reauthentication.title}
      submit={strings.reauthentication.submit}
      act={({ exact, text }) =>
        submitReauthentication({
          password: exact('password') || null,
          totpCode: text('totpCode') || null,
        })
      }
      done={() => props.onAnswer(true)}
      onClose={() => props.onAnswer(false)}
    >
      {(form) => (
        <>
          <p className="soft">{strings.reauthentication.about}</p>
          <Field label={strings.reauthentication.password} error={form.errorOf('password')}>
            <input
              className="input"
              type="password"
              name="password"
              autoComplete="current-password"
            />
          </Field>
          {hasCode && (
            <Field
              label={strings.reauthentication.code}
              hint={strings.reauthentication.codeHint}
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
          {items.length > 0 && <ProviderButtons items={items} />}
        </>
      )}
    </FormDialog>
  )
}

function ProviderButtons({ items }: { items: { name: string; label: string }[] }) {
  return (
    <div style={{ display: 'grid', gap: 'var(--s2)', justifyItems: 'start' }}>
      {items.map(({ name, label }) => (
        <Button key={name} onClick={() => void redirectToProvider(name)}>
          <LogIn className="i" aria-hidden="true" />
          {strings.reauthentication.by(label)}
        </Button>
      ))}
      <span className="hint">{strings.reauthentication.byAbout}</span>
    </div>
  )
}

async function redirectToProvider(provider: string): Promise<void> {
  const next = location.pathname + location.search
  try {
    const { url } = await submitReauthentication({ provider, next })
    if (url) location.assign(url)
  } catch (error) {
    showErrorToast(error)
  }
}
