import type { Schemas } from '../../../api/client'
import { Problem } from '../../../api/problem'
import { CopyableLine } from '../../../components/controls/CopyButton'
import { FormDialog } from '../../../components/dialogs/FormDialog'
import type { FormValues } from '../../../components/forms/useForm'
import { strings } from '../../../i18n'
import { settingStrings } from '../../../i18n/settings'
import { changeProvider, createProvider } from '../../../queries/adminProviders'
import { usePublicUrl } from '../../../queries/adminSettings'
import { InvalidLineError, parseMemberships, parseRoles, splitLines } from './groupRules'
import { ProviderFields } from './ProviderFields'

type Provider = Schemas['IdentityProvider']

/** A dialog that adds a provider or changes one. An existing name and issuer don't change. */
export function ProviderDialog(props: { provider: Provider | undefined; onClose: () => void }) {
  const { provider, onClose } = props
  const base = usePublicUrl() || location.origin
  const submit = async (given: FormValues) => {
    const rules = readProvider(given)
    if (provider) return changeProvider(provider.id, rules)
    const { text } = given
    return createProvider({ ...rules, name: text('name'), issuer: text('issuer') })
  }
  const title = provider
    ? settingStrings.changeProvider(provider.label)
    : settingStrings.newProvider
  return (
    <FormDialog
      title={title}
      submit={provider ? strings.common.save : strings.forms.create}
      act={submit}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <ProviderFields form={form} provider={provider} />
          <div className="field">
            <span className="label">{settingStrings.callback}</span>
            <CopyableLine
              text={`${base}/api/auth/oidc/${provider?.name ?? '<name>'}/callback`}
              what={settingStrings.callback}
            />
          </div>
        </>
      )}
    </FormDialog>
  )
}

function readProvider({ text, exact, isChecked }: FormValues) {
  return {
    label: text('label'),
    clientId: text('clientId'),
    ...(exact('clientSecret') && { clientSecret: exact('clientSecret') }),
    ...(text('scopes') && { scopes: text('scopes') }),
    enabled: isChecked('enabled'),
    createAccounts: isChecked('createAccounts'),
    matchEmail: isChecked('matchEmail'),
    emailDomains: splitLines(text('emailDomains')),
    groupsClaim: text('groupsClaim'),
    allowedGroups: splitLines(text('allowedGroups')),
    roles: parseField('roles', () => parseRoles(text('roles'))),
    memberships: parseField('memberships', () => parseMemberships(text('memberships'))),
  }
}

/** Parses a field. Reports a line that can't be parsed as a field error, as the server does. */
function parseField<T>(field: string, reading: () => T): T {
  try {
    return reading()
  } catch (error) {
    if (!(error instanceof InvalidLineError)) throw error
    const message = settingStrings.badLine(error.line)
    throw new Problem('validation_failed', 422, message, { [field]: [message] })
  }
}
