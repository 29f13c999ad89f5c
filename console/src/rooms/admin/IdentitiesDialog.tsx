import { useMutation } from '@tanstack/react-query'
import type { Schemas } from '../../api/client'
import { seen } from '../../lib/seen'
import { linkIdentity, unlinkIdentity, useIdentities } from '../../queries/adminDevelopers'
import { useIdentityProviders } from '../../queries/adminProviders'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { Field } from '../../ui/Field'
import { FormError } from '../../ui/FormError'
import { Rows } from '../../ui/Rows'
import { Table } from '../../ui/Table'
import { sayBroken } from '../../ui/toasts'
import { useForm } from '../../ui/useForm'
import { When } from '../../ui/When'
import { words } from '../../words'
import styles from './admin.module.css'

type Developer = Schemas['Developer']
type Identity = Schemas['Identity']

/** Who an account is at providers of single sign-on. */
export function IdentitiesDialog(props: { developer: Developer; onClose: () => void }) {
  const { id, name } = props.developer
  const identities = useIdentities(id)
  const unlink = useMutation({
    mutationFn: (one: Identity) => unlinkIdentity(id, one.id),
    onError: sayBroken,
  })
  const linked = new Set(identities.data?.map(({ provider }) => provider))
  return (
    <Dialog isOpen title={words.admin.identitiesOf(name)} onClose={props.onClose}>
      <p className="soft">{words.admin.identitiesAbout}</p>
      <Rows list={identities} empty={<p className="dim">{words.admin.noIdentities}</p>}>
        {(rows) => (
          <Table
            label={words.admin.identities}
            columns={columns((one) => unlink.mutate(one))}
            rows={rows}
            keyOf={(one) => one.id}
          />
        )}
      </Rows>
      <Link developerId={id} linked={linked} />
    </Dialog>
  )
}

function Link({ developerId, linked }: { developerId: number; linked: Set<string> }) {
  const form = useForm(({ text }) =>
    linkIdentity(developerId, { provider: text('provider'), subject: text('subject') }),
  )
  const free = useIdentityProviders().data?.filter(({ name }) => !linked.has(name)) ?? []
  if (free.length === 0) return null
  return (
    <form className="stack" onSubmit={form.onSubmit}>
      <div className={styles.three}>
        <Field label={words.admin.provider} error={form.errorOf('provider')}>
          <select className="input" name="provider">
            {free.map(({ name, label }) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.admin.subject} error={form.errorOf('subject')}>
          <input className="input mono" name="subject" autoComplete="off" required />
        </Field>
      </div>
      <FormError form={form} />
      <div className="row">
        <Button type="submit" disabled={form.isBusy}>
          {words.admin.linkIdentity}
        </Button>
      </div>
    </form>
  )
}

const columns = (onUnlink: (one: Identity) => void) => [
  { name: words.admin.provider, width: '28%', cell: ({ provider }: Identity) => provider },
  {
    name: words.admin.subject,
    cell: ({ subject, email }: Identity) => (
      <span className={styles.wrap}>
        <code>{seen(subject)}</code> {email && <span className="dim">{email}</span>}
      </span>
    ),
  },
  {
    name: words.admin.lastUsed,
    width: '96px',
    cell: ({ lastUsedAt }: Identity) => (lastUsedAt ? <When at={lastUsedAt} /> : words.forms.never),
  },
  {
    name: words.forms.acts,
    width: '88px',
    isNameless: true,
    cell: (one: Identity) => (
      <Button
        look="quiet"
        aria-label={words.admin.unlinkOf(one.subject)}
        onClick={() => onUnlink(one)}
      >
        {words.admin.unlink}
      </Button>
    ),
  },
]
