import { ChevronDown } from 'lucide-react'
import { Menu } from '../../components/controls/Menu'
import { strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { agentsOf, type Filter, labelsOf, type Machine } from '../../lib/machine/machines'
import styles from './machines.module.css'

type Name = keyof Filter

/** Filters for the list of machines. The URL holds the choice. */
export function Filters(props: {
  machines: readonly Machine[]
  filter: Filter
  onChange: (filter: Filter) => void
}) {
  const { machines, filter, onChange } = props
  return (
    <div className={styles.tools}>
      {(['status', 'agent', 'sandbox', 'label'] as const).map((name) => {
        const value = filter[name]
        const label = strings.machines.filters[name]
        const found = valuesOf(name, machines)
        if (found.length < 2 && !value) return null
        return (
          <Menu
            key={name}
            button={
              <button type="button" className={`chip ${value ? 'on' : ''}`}>
                {value ? strings.machines.filterIs(label, valueLabel(name, value)) : label}
                <ChevronDown className="i" aria-hidden="true" />
              </button>
            }
            items={[
              {
                name: strings.machines.any,
                onSelect: () => onChange({ ...filter, [name]: undefined }),
              },
              null,
              ...found.map((one) => ({
                name: `${valueLabel(name, one)}${one === value ? ' ✓' : ''}`,
                onSelect: () => onChange({ ...filter, [name]: one }),
              })),
            ]}
          />
        )
      })}
    </div>
  )
}

function valuesOf(name: Name, machines: readonly Machine[]): string[] {
  const all = machines.flatMap((machine) => {
    switch (name) {
      case 'status':
        return [machine.status]
      case 'agent':
        return agentsOf(machine).map(({ agentType }) => agentType)
      case 'sandbox':
        return machine.sandbox ? [machine.sandbox.level] : []
      default:
        return labelsOf(machine)
    }
  })
  return [...new Set(all)].sort()
}

function valueLabel(name: Name, value: string): string {
  if (name === 'status') return strings.machines.statuses[value as Machine['status']] ?? value
  if (name === 'sandbox') return strings.machines.sandboxes[value] ?? value
  return name === 'agent' ? agentName(value) : value
}
