import type { Schemas } from '../../api/client'
import { Problem } from '../../api/problem'
import { changeProvider, createProvider } from '../../queries/adminProviders'
import { usePublicUrl } from '../../queries/adminSettings'
import { CopyLine } from '../../ui/Copy'
import { FormDialog } from '../../ui/FormDialog'
import type { Given } from '../../ui/useForm'
import { words } from '../../words'
import { BadLine, lines, readMemberships, readRoles } from './groupRules'
import { ProviderFields } from './ProviderFields'

type Provider = Schemas['IdentityProvider']

/** A new provider, or one that is changed: its name and issuer stay then. */
export function ProviderDialog(props: { provider: Provider | undefined; onClose: () => void }) {
  const { provider, onClose } = props
  const base = usePublicUrl() || location.origin
  const act = async (given: Given) => {
    const rules = rulesIn(given)
    if (provider) return changeProvider(provider.id, rules)
    const { text } = given
    return createProvider({ ...rules, name: text('name'), issuer: text('issuer') })
  }
  const title = provider
    ? words.settings.changeProvider(provider.label)
    : words.settings.newProvider
  return (
    <FormDialog
      title={title}
      submit={provider ? words.common.save : words.forms.create}
      act={act}
      done={onClose}
      onClose={onClose}
    >
      {(form) => (
        <>
          <ProviderFields form={form} provider={provider} />
          <div className="field">
            <span className="label">{words.settings.callback}</span>
            <CopyLine
              text={`${base}/api/auth/oidc/${provider?.name ?? '<name>'}/callback`}
              what={words.settings.callback}
            />
          </div>
        </>
      )}
    </FormDialog>
  )
}

function rulesIn({ text, exact, isOn }: Given) {
  return {
    label: text('label'),
    clientId: text('clientId'),
    ...(exact('clientSecret') && { clientSecret: exact('clientSecret') }),
    ...(text('scopes') && { scopes: text('scopes') }),
    enabled: isOn('enabled'),
    createAccounts: isOn('createAccounts'),
    matchEmail: isOn('matchEmail'),
    emailDomains: lines(text('emailDomains')),
    groupsClaim: text('groupsClaim'),
    allowedGroups: lines(text('allowedGroups')),
    roles: read('roles', () => readRoles(text('roles'))),
    memberships: read('memberships', () => readMemberships(text('memberships'))),
  }
}

/** A line that cannot be read stands at its field, as what the server finds wrong does. */
function read<T>(field: string, reading: () => T): T {
  try {
    return reading()
  } catch (error) {
    if (!(error instanceof BadLine)) throw error
    const told = words.settings.badLine(error.line)
    throw new Problem('validation_failed', 422, told, { [field]: [told] })
  }
}
