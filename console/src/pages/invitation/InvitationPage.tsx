import { useNavigate } from '@tanstack/react-router'
import { DoorOpen } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Schemas } from '../../api/client'
import { Problem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { hasSecureContext, signIn } from '../../auth/session'
import { Button } from '../../components/controls/Button'
import { Field } from '../../components/forms/Field'
import { ErrorLine, FormError } from '../../components/forms/FormError'
import { NewPasswordField } from '../../components/forms/NewPasswordField'
import { useForm } from '../../components/forms/useForm'
import { useTitle } from '../../components/page/Page'
import { strings } from '../../i18n'
import { useProviders } from '../../queries/auth'
import { acceptInvitation, inspectInvitation } from '../../queries/invitations'
import { InsecureOrigin } from '../login/InsecureOrigin'
import { LoginLayout } from '../login/LoginLayout'
import styles from '../login/login.module.css'

type Offer = Schemas['InvitationOffer']

/** Accepts an invitation. Its secret is in the fragment, which browsers don't send to servers. */
export default function InvitationPage() {
  useTitle(strings.invitation.title)
  const [secret] = useState(() => location.hash.slice(1))
  const [offer, setOffer] = useState<Offer>()
  const [problem, setProblem] = useState<Problem>()
  useEffect(() => {
    const fail = (error: unknown) => {
      if (error instanceof Problem) setProblem(error)
      else throw error
    }
    inspectInvitation(secret || '-').then(setOffer, fail)
  }, [secret])
  return (
    <LoginLayout>
      {!hasSecureContext() ? (
        <InsecureOrigin />
      ) : (
        <section>
          <h1 className={styles.title}>{strings.invitation.title}</h1>
          {problem && <ErrorLine id="wrong" text={problemText(problem)} />}
          {offer && <InvitationOffer offer={offer} secret={secret} />}
        </section>
      )}
    </LoginLayout>
  )
}

function InvitationOffer({ offer, secret }: { offer: Offer; secret: string }) {
  const texts = strings.invitation
  const providers = useProviders()
  const keys = offer.projects.map(({ key }) => key).join(strings.common.separators.list)
  return (
    <>
      <p className="soft">{texts.from(offer.invitedBy, location.host)}</p>
      <p className="soft">
        {strings.profile.roles[offer.role]}: {strings.roles.system[offer.role]}
      </p>
      {keys && <p className="soft">{texts.projects(keys)}</p>}
      {providers?.passwordLogin === 'on' && <AccountForm secret={secret} />}
      <ProviderButtons secret={secret} items={providers?.items ?? []} />
    </>
  )
}

function AccountForm({ secret }: { secret: string }) {
  const navigate = useNavigate()
  const form = useForm(async ({ text, exact }) => {
    const name = text('name')
    const password = exact('password')
    await acceptInvitation({ token: secret, name, password })
    await signIn(name, password)
    await navigate({ to: '/', replace: true })
  })
  return (
    <form className={styles.form} onSubmit={form.onSubmit}>
      <Field
        label={strings.admin.username}
        hint={strings.admin.usernameHint}
        error={form.errorOf('name')}
      >
        <input className="input" name="name" autoComplete="username" maxLength={100} required />
      </Field>
      <NewPasswordField
        form={form}
        name="password"
        label={strings.admin.password}
        hint={strings.admin.passwordHint}
        required
      />
      <FormError form={form} />
      <Button variant="main" type="submit" disabled={form.isBusy}>
        {strings.invitation.accept}
      </Button>
    </form>
  )
}

type Provider = { name: string; label: string }

function ProviderButtons({ secret, items }: { secret: string; items: Provider[] }) {
  const form = useForm(async ({ text }) => {
    const { url } = await acceptInvitation({ token: secret, provider: text('provider') })
    if (url) location.assign(url)
  })
  if (items.length === 0) return null
  return (
    <div className={styles.others}>
      {items.map(({ name, label }) => (
        <form key={name} onSubmit={form.onSubmit}>
          <input type="hidden" name="provider" value={name} />
          <Button type="submit" disabled={form.isBusy}>
            <DoorOpen className="i" aria-hidden="true" />
            {strings.invitation.with(label)}
          </Button>
        </form>
      ))}
      <FormError form={form} />
    </div>
  )
}
