import type { Schemas } from '../../api/client'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'

type Network = Schemas['Project']['network'] | undefined

/** The network access of stages: everything, nothing, or a list of hosts. */
export function NetworkFields(props: {
  network: Network
  /** The label of the choice to inherit the value; omitted if a value is required. */
  inherits?: string
  error?: string | undefined
  onChange: (network: Network) => void
}) {
  const { network, inherits, error, onChange } = props
  const texts = strings.projects
  const kind = network === undefined ? '' : typeof network === 'string' ? network : 'hosts'
  const choose = (next: string) => {
    if (next === 'hosts') onChange({ allow: ['@agent'] })
    else onChange(next === '' ? undefined : (next as 'open' | 'none'))
  }
  return (
    <>
      <Field label={texts.network} error={kind === 'hosts' ? undefined : error}>
        <select className="input" value={kind} onChange={(event) => choose(event.target.value)}>
          {inherits && <option value="">{inherits}</option>}
          {(['open', 'none', 'hosts'] as const).map((one) => (
            <option key={one} value={one}>
              {texts.networks[one]}
            </option>
          ))}
        </select>
      </Field>
      {typeof network === 'object' && (
        <Field label={texts.hosts} hint={texts.hostsHint} error={error}>
          <textarea
            className="input mono"
            value={network.allow.join('\n')}
            onChange={(event) => onChange({ allow: event.target.value.split('\n') })}
          />
        </Field>
      )}
    </>
  )
}
