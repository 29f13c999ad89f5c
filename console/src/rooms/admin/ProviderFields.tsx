import type { Schemas } from '../../api/client'
import { Check } from '../../ui/Check'
import { Field } from '../../ui/Field'
import type { Form } from '../../ui/useForm'
import { words } from '../../words'
import styles from './admin.module.css'
import { writtenMemberships, writtenRoles } from './groupRules'

type Props = { form: Form; provider: Schemas['IdentityProvider'] | undefined }

export function ProviderFields({ form, provider }: Props) {
  const text = (name: string, label: string, value: string | undefined, more: More = {}) => (
    <Line form={form} name={name} label={label} value={value} {...more} />
  )
  return (
    <>
      {!provider && (
        <>
          {text('name', words.settings.name, '', { hint: words.settings.nameHint, required: true })}
          {text('issuer', words.settings.issuer, '', {
            hint: words.settings.issuerHint,
            required: true,
          })}
        </>
      )}
      {text('label', words.settings.label, provider?.label, {
        hint: words.settings.labelHint,
        required: true,
      })}
      {text('clientId', words.settings.clientId, provider?.clientId, { required: true })}
      {text('clientSecret', words.settings.clientSecret, '', {
        type: 'password',
        ...(provider?.hasClientSecret && { hint: words.settings.clientSecretHint }),
      })}
      {text('scopes', words.settings.scopes, provider?.scopes ?? 'openid profile email')}
      <div>
        <Check
          name="enabled"
          label={words.settings.enabled}
          defaultChecked={provider?.enabled ?? true}
        />
        <Check
          name="matchEmail"
          label={words.settings.matchEmail}
          defaultChecked={provider?.matchEmail ?? true}
        />
        <Check
          name="createAccounts"
          label={words.settings.createAccounts}
          defaultChecked={provider?.createAccounts ?? false}
        />
      </div>
      <Lines
        form={form}
        name="emailDomains"
        label={words.settings.emailDomains}
        hint={words.settings.oneALine}
        value={provider?.emailDomains.join('\n')}
      />
      {text('groupsClaim', words.settings.groupsClaim, provider?.groupsClaim ?? 'groups', {
        hint: words.settings.groupsClaimHint,
        required: true,
      })}
      <Lines
        form={form}
        name="allowedGroups"
        label={words.settings.allowedGroups}
        hint={words.settings.oneALine}
        value={provider?.allowedGroups.join('\n')}
      />
      <Lines
        form={form}
        name="roles"
        label={words.settings.roles}
        hint={words.settings.rolesHint}
        value={provider && writtenRoles(provider.roles)}
      />
      <Lines
        form={form}
        name="memberships"
        label={words.settings.memberships}
        hint={words.settings.membershipsHint}
        value={provider && writtenMemberships(provider.memberships)}
      />
    </>
  )
}

type More = { hint?: string; required?: boolean; type?: string }
type LineProps = More & {
  form: Form
  name: string
  label: string
  value: string | undefined
}

function Line({ form, name, label, value, hint, ...rest }: LineProps) {
  return (
    <Field label={label} error={form.errorOf(name)} {...(hint && { hint })}>
      <input className="input" name={name} defaultValue={value} autoComplete="off" {...rest} />
    </Field>
  )
}

function Lines({ form, name, label, value, hint }: LineProps) {
  return (
    <Field label={label} error={form.errorOf(name)} {...(hint && { hint })}>
      <textarea
        className={`input ${styles.lines}`}
        name={name}
        rows={3}
        spellCheck={false}
        defaultValue={value}
      />
    </Field>
  )
}
