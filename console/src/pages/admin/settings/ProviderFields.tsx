import type { Schemas } from '../../../api/client'
import { Checkbox } from '../../../components/forms/Checkbox'
import { Field } from '../../../components/forms/Field'
import type { Form } from '../../../components/forms/useForm'
import { strings } from '../../../i18n'
import styles from '../admin.module.css'
import { formatMemberships, formatRoles } from './groupRules'

type Props = { form: Form; provider: Schemas['IdentityProvider'] | undefined }

export function ProviderFields({ form, provider }: Props) {
  const text = (
    name: string,
    label: string,
    value: string | undefined,
    more: FieldOptions = {},
  ) => <Line form={form} name={name} label={label} value={value} {...more} />
  return (
    <>
      {!provider && (
        <>
          {text('name', strings.settings.name, '', {
            hint: strings.settings.nameHint,
            required: true,
          })}
          {text('issuer', strings.settings.issuer, '', {
            hint: strings.settings.issuerHint,
            required: true,
          })}
        </>
      )}
      {text('label', strings.settings.label, provider?.label, {
        hint: strings.settings.labelHint,
        required: true,
      })}
      {text('clientId', strings.settings.clientId, provider?.clientId, { required: true })}
      {text('clientSecret', strings.settings.clientSecret, '', {
        type: 'password',
        ...(provider?.hasClientSecret && { hint: strings.settings.clientSecretHint }),
      })}
      {text('scopes', strings.settings.scopes, provider?.scopes ?? 'openid profile email')}
      <div>
        <Checkbox
          name="enabled"
          label={strings.settings.enabled}
          defaultChecked={provider?.enabled ?? true}
        />
        <Checkbox
          name="matchEmail"
          label={strings.settings.matchEmail}
          defaultChecked={provider?.matchEmail ?? true}
        />
        <Checkbox
          name="createAccounts"
          label={strings.settings.createAccounts}
          defaultChecked={provider?.createAccounts ?? false}
        />
      </div>
      <Lines
        form={form}
        name="emailDomains"
        label={strings.settings.emailDomains}
        hint={strings.settings.oneALine}
        value={provider?.emailDomains.join('\n')}
      />
      {text('groupsClaim', strings.settings.groupsClaim, provider?.groupsClaim ?? 'groups', {
        hint: strings.settings.groupsClaimHint,
        required: true,
      })}
      <Lines
        form={form}
        name="allowedGroups"
        label={strings.settings.allowedGroups}
        hint={strings.settings.oneALine}
        value={provider?.allowedGroups.join('\n')}
      />
      <Lines
        form={form}
        name="roles"
        label={strings.settings.roles}
        hint={strings.settings.rolesHint}
        value={provider && formatRoles(provider.roles)}
      />
      <Lines
        form={form}
        name="memberships"
        label={strings.settings.memberships}
        hint={strings.settings.membershipsHint}
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
