import { agentName } from '../../lib/agents'
import { labelsOf, STATUSES, toggled, wordsOf } from '../../lib/taskFilters'
import {
  useAgentChoices,
  useMachineChoices,
  usePeopleChoices,
  useProjectChoices,
} from '../../queries/choices'
import { useMe } from '../../queries/me'
import { Button } from '../../ui/Button'
import { words } from '../../words'
import { FilterChip, type Option } from './FilterChip'
import { Seek } from './Seek'
import styles from './Tasks.module.css'
import { useFilters } from './useFilters'

type Single = 'agentType' | 'machineId' | 'createdBy' | 'machineSelector'

/** Search, and a chip for each filter. */
export function Tools() {
  const { filters, set, replace } = useFilters()
  const me = useMe()
  const [projects, agents, machines, people] = [
    useProjectChoices(),
    useAgentChoices(),
    useMachineChoices(),
    usePeopleChoices(),
  ]
  const labels = labelsOf(machines ?? [], filters)
  const several = (name: 'status' | 'project', title: string, options: Option[]) => (
    <FilterChip
      name={title}
      options={options}
      chosen={wordsOf(filters[name])}
      onChoose={(value) => set({ [name]: toggled(filters[name], value) })}
      onClear={() => set({ [name]: undefined })}
    />
  )
  const one = (name: Single, title: string, options: Option[]) => (
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
      <Seek q={filters.q ?? ''} onSeek={(q) => set({ q: q || undefined })} />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would draw a frame */}
      <div className={styles.chips} role="group" aria-label={words.tasks.filters}>
        {several('status', words.tasks.status, statuses())}
        {several(
          'project',
          words.tasks.project,
          (projects ?? []).map(({ key }) => ({ value: key, name: key })),
        )}
        {one(
          'agentType',
          words.tasks.agent,
          (agents ?? []).map(({ type }) => ({ value: type, name: agentName(type) })),
        )}
        {one(
          'machineId',
          words.tasks.machine,
          (machines ?? []).map(({ id, name }) => ({ value: id, name })),
        )}
        {one('createdBy', words.tasks.createdBy, peopleFirstMe(people ?? [], me?.id))}
        {labels.length > 0 && one('machineSelector', words.tasks.labels, labels)}
        {Object.keys(filters).length > 0 && (
          <Button look="quiet" onClick={() => replace({})}>
            {words.tasks.clear}
          </Button>
        )}
      </div>
    </search>
  )
}

export function statuses(): Option[] {
  return STATUSES.map((value) => ({
    value,
    name: value === 'suspended' ? words.tasks.suspended : words.status[value],
  }))
}

function peopleFirstMe(people: { id: number; name: string }[], me: number | undefined): Option[] {
  const options = people.map(({ id, name }) => ({
    value: String(id),
    name: id === me ? `${name} (${words.tasks.me})` : name,
  }))
  return options.toSorted((a, b) => Number(b.value === String(me)) - Number(a.value === String(me)))
}
