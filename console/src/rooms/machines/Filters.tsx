import { ChevronDown } from 'lucide-react'
import { agentName } from '../../lib/agents'
import { agentsOf, type Filter, labelsOf, type Machine } from '../../lib/fleet'
import { Menu } from '../../ui/Menu'
import { words } from '../../words'
import styles from './machines.module.css'

type Name = keyof Filter

/** Which machines are shown. What is chosen stands in the URL. */
export function Filters(props: {
  machines: readonly Machine[]
  filter: Filter
  onChange: (filter: Filter) => void
}) {
  const { machines, filter, onChange } = props
  return (
    <div className={styles.tools}>
      {(['status', 'agent', 'room', 'label'] as const).map((name) => {
        const value = filter[name]
        const say = words.machines.filters[name]
        const found = valuesOf(name, machines)
        if (found.length < 2 && !value) return null
        return (
          <Menu
            key={name}
            button={
              <button type="button" className={`chip ${value ? 'on' : ''}`}>
                {value ? words.machines.filterIs(say, wordOf(name, value)) : say}
                <ChevronDown className="i" aria-hidden="true" />
              </button>
            }
            items={[
              {
                name: words.machines.any,
                act: () => onChange({ ...filter, [name]: undefined }),
              },
              null,
              ...found.map((one) => ({
                name: `${wordOf(name, one)}${one === value ? ' ✓' : ''}`,
                act: () => onChange({ ...filter, [name]: one }),
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
      case 'room':
        return machine.room ? [machine.room.level] : []
      default:
        return labelsOf(machine)
    }
  })
  return [...new Set(all)].sort()
}

function wordOf(name: Name, value: string): string {
  if (name === 'status') return words.machines.statuses[value as Machine['status']] ?? value
  if (name === 'room') return words.machines.rooms[value] ?? value
  return name === 'agent' ? agentName(value) : value
}
