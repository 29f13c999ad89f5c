import { useMutation } from '@tanstack/react-query'
import type { Schemas } from '../../../api/client'
import { Button } from '../../../components/controls/Button'
import { Dialog } from '../../../components/dialogs/Dialog'
import { Field } from '../../../components/forms/Field'
import { FormError } from '../../../components/forms/FormError'
import { useForm } from '../../../components/forms/useForm'
import { RelativeTime } from '../../../components/status/RelativeTime'
import { PagedList } from '../../../components/tables/PagedList'
import { Table } from '../../../components/tables/Table'
import { strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { linkIdentity, unlinkIdentity, useIdentities } from '../../../queries/adminDevelopers'
import { useIdentityProviders } from '../../../queries/adminProviders'
import { showErrorToast } from '../../../state/toasts'
import styles from '../admin.module.css'

type Developer = Schemas['Developer']
type Identity = Schemas['Identity']

/** A developer's accounts at single sign-on providers. */
export function IdentitiesDialog(props: { developer: Developer; onClose: () => void }) {
  const { id, name } = props.developer
  const identities = useIdentities(id)
  const unlink = useMutation({
    mutationFn: (one: Identity) => unlinkIdentity(id, one.id),
    onError: showErrorToast,
  })
  const linked = new Set(identities.data?.map(({ provider }) => provider))
  return (
    <Dialog isOpen title={strings.admin.identitiesOf(name)} onClose={props.onClose}>
      <p className="soft">{strings.admin.identitiesAbout}</p>
      <PagedList list={identities} empty={<p className="dim">{strings.admin.noIdentities}</p>}>
        {(rows) => (
          <Table
            label={strings.admin.identities}
            columns={columns((one) => unlink.mutate(one))}
            rows={rows}
            keyOf={(one) => one.id}
          />
        )}
      </PagedList>
      <LinkForm developerId={id} linked={linked} />
    </Dialog>
  )
}

function LinkForm({ developerId, linked }: { developerId: number; linked: Set<string> }) {
  const form = useForm(({ text }) =>
    linkIdentity(developerId, { provider: text('provider'), subject: text('subject') }),
  )
  const free = useIdentityProviders().data?.filter(({ name }) => !linked.has(name)) ?? []
  if (free.length === 0) return null
  return (
    <form className="stack" onSubmit={form.onSubmit}>
      <div className={styles.three}>
        <Field label={strings.admin.provider} error={form.errorOf('provider')}>
          <select className="input" name="provider">
            {free.map(({ name, label }) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <Field label={strings.admin.subject} error={form.errorOf('subject')}>
          <input className="input mono" name="subject" autoComplete="off" required />
        </Field>
      </div>
      <FormError form={form} />
      <div className="row">
        <Button type="submit" disabled={form.isBusy}>
          {strings.admin.linkIdentity}
        </Button>
      </div>
    </form>
  )
}

const columns = (onUnlink: (one: Identity) => void) => [
  { name: strings.admin.provider, width: '28%', cell: ({ provider }: Identity) => provider },
  {
    name: strings.admin.subject,
    cell: ({ subject, email }: Identity) => (
      <span className={styles.wrap}>
        <code>{revealInvisible(subject)}</code> {email && <span className="dim">{email}</span>}
      </span>
    ),
  },
  {
    name: strings.admin.lastUsed,
    width: '96px',
    cell: ({ lastUsedAt }: Identity) =>
      lastUsedAt ? <RelativeTime at={lastUsedAt} /> : strings.forms.never,
  },
  {
    name: strings.forms.actions,
    width: '88px',
    isHeaderHidden: true,
    cell: (one: Identity) => (
      <Button
        variant="quiet"
        aria-label={strings.admin.unlinkOf(one.subject)}
        onClick={() => onUnlink(one)}
      >
        {strings.admin.unlink}
      </Button>
    ),
  },
]
