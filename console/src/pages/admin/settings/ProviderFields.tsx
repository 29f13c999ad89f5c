import type { Schemas } from '../../../api/client'
import { Checkbox } from '../../../components/forms/Checkbox'
import { Field } from '../../../components/forms/Field'
import type { Form } from '../../../components/forms/useForm'
import { settingStrings } from '../../../i18n/settings'
import styles from '../admin.module.css'
import { formatMemberships, formatRoles } from './groupRules'

type Props = { form: Form; provider: Schemas['IdentityProvider'] | undefined }

export function ProviderFields({ form, provider }: Props) {
  return (
    <>
      <ClientFields form={form} provider={provider} />
      <AccountFields form={form} provider={provider} />
      <GroupFields form={form} provider={provider} />
    </>
  )
}

/** Fields for the connection to the provider. */
function ClientFields({ form, provider }: Props) {
  const texts = settingStrings
  return (
    <>
      {!provider && (
        <>
          <Line form={form} name="name" label={texts.name} hint={texts.nameHint} required />
          <Line form={form} name="issuer" label={texts.issuer} hint={texts.issuerHint} required />
        </>
      )}
      <Line
        form={form}
        name="label"
        label={texts.label}
        value={provider?.label}
        hint={texts.labelHint}
        required
      />
      <Line
        form={form}
        name="clientId"
        label={texts.clientId}
        value={provider?.clientId}
        required
      />
      <Line
        form={form}
        name="clientSecret"
        label={texts.clientSecret}
        type="password"
        {...(provider?.hasClientSecret && { hint: texts.clientSecretHint })}
      />
      <Line
        form={form}
        name="scopes"
        label={texts.scopes}
        value={provider?.scopes ?? 'openid profile email'}
      />
    </>
  )
}

/** Fields for who can sign in. */
function AccountFields({ form, provider }: Props) {
  const texts = settingStrings
  return (
    <>
      <div>
        <Checkbox name="enabled" label={texts.enabled} defaultChecked={provider?.enabled ?? true} />
        <Checkbox
          name="matchEmail"
          label={texts.matchEmail}
          defaultChecked={provider?.matchEmail ?? true}
        />
        <Checkbox
          name="createAccounts"
          label={texts.createAccounts}
          defaultChecked={provider?.createAccounts ?? false}
        />
      </div>
      <Lines
        form={form}
        name="emailDomains"
        label={texts.emailDomains}
        hint={texts.oneALine}
        value={provider?.emailDomains.join('\n')}
      />
    </>
  )
}

/** Fields for the roles and memberships that the provider's groups give. */
function GroupFields({ form, provider }: Props) {
  const texts = settingStrings
  return (
    <>
      <Line
        form={form}
        name="groupsClaim"
        label={texts.groupsClaim}
        value={provider?.groupsClaim ?? 'groups'}
        hint={texts.groupsClaimHint}
        required
      />
      <Lines
        form={form}
        name="allowedGroups"
        label={texts.allowedGroups}
        hint={texts.oneALine}
        value={provider?.allowedGroups.join('\n')}
      />
      <Lines
        form={form}
        name="roles"
        label={texts.roles}
        hint={texts.rolesHint}
        value={provider && formatRoles(provider.roles)}
      />
      <Lines
        form={form}
        name="memberships"
        label={texts.memberships}
        hint={texts.membershipsHint}
        value={provider && formatMemberships(provider.memberships)}
      />
    </>
  )
}

type FieldOptions = { hint?: string; required?: boolean; type?: string }
type LineProps = FieldOptions & {
  form: Form
  name: string
  label: string
  value?: string | undefined
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
