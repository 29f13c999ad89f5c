import { Button } from '../../components/controls/Button'
import { strings } from '../../i18n'
import { agentName } from '../../lib/format/agentNames'
import { labelOptions, STATUSES, splitValues, toggleValue } from '../../lib/task/filters'
import { useMe } from '../../queries/me'
import {
  useAgentOptions,
  useDeveloperOptions,
  useMachineOptions,
  useProjectOptions,
} from '../../queries/options'
import { FilterChip, type Option } from './FilterChip'
import { SearchField } from './SearchField'
import styles from './Tasks.module.css'
import { useFilters } from './useFilters'

type SingleFilter = 'agentType' | 'machineId' | 'createdBy' | 'machineSelector'

export function TaskFilters() {
  const { filters, set, replace } = useFilters()
  const me = useMe()
  const [projects, agents, machines, people] = [
    useProjectOptions(),
    useAgentOptions(),
    useMachineOptions(),
    useDeveloperOptions(),
  ]
  const labels = labelOptions(machines ?? [], filters)
  const several = (name: 'status' | 'project', title: string, options: Option[]) => (
    <FilterChip
      name={title}
      options={options}
      chosen={splitValues(filters[name])}
      onChoose={(value) => set({ [name]: toggleValue(filters[name], value) })}
      onClear={() => set({ [name]: undefined })}
    />
  )
  const one = (name: SingleFilter, title: string, options: Option[]) => (
    <FilterChip
      name={title}
      options={options}
      chosen={filters[name] ? [filters[name]] : []}
      onChoose={(value) => set({ [name]: filters[name] === value ? undefined : value })}
      onClear={() => set({ [name]: undefined })}
    />
  )
  return (
    <search className={styles.tools}>
      <SearchField q={filters.q ?? ''} onSeek={(q) => set({ q: q || undefined })} />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would draw a border */}
      <div className={styles.chips} role="group" aria-label={strings.tasks.filters}>
        {several('status', strings.tasks.status, statusOptions())}
        {several(
          'project',
          strings.tasks.project,
          (projects ?? []).map(({ key }) => ({ value: key, name: key })),
        )}
        {one(
          'agentType',
          strings.tasks.agent,
          (agents ?? []).map(({ type }) => ({ value: type, name: agentName(type) })),
        )}
        {one(
          'machineId',
          strings.tasks.machine,
          (machines ?? []).map(({ id, name }) => ({ value: id, name })),
        )}
        {one('createdBy', strings.tasks.createdBy, developerOptions(people ?? [], me?.id))}
        {labels.length > 0 && one('machineSelector', strings.tasks.labels, labels)}
        {Object.keys(filters).length > 0 && (
          <Button variant="quiet" onClick={() => replace({})}>
            {strings.tasks.clear}
          </Button>
        )}
      </div>
    </search>
  )
}

export function statusOptions(): Option[] {
  return STATUSES.map((value) => ({
    value,
    name: value === 'suspended' ? strings.tasks.suspended : strings.status[value],
  }))
}

function developerOptions(
  people: { id: number; name: string }[],
  me: number | undefined,
): Option[] {
  const options = people.map(({ id, name }) => ({
    value: String(id),
    name: id === me ? `${name} (${strings.tasks.me})` : name,
  }))
  return options.toSorted((a, b) => Number(b.value === String(me)) - Number(a.value === String(me)))
}
