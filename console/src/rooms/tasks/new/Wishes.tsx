import { agentName } from '../../../lib/agents'
import { useAgentChoices, useMachineChoices } from '../../../queries/choices'
import { useProject } from '../../../queries/projects'
import { Field } from '../../../ui/Field'
import { words } from '../../../words'
import type { Form } from './form'
import styles from './NewTask.module.css'

type Props = {
  form: Form
  errors: Record<string, string | undefined>
  onChange: (some: Partial<Form>) => void
}

/** Who does it, where, and how soon. */
export function Wishes({ form, errors, onChange }: Props) {
  const project = useProject(form.projectKey).data
  const agents = useAgentChoices() ?? []
  const machines = useMachineChoices() ?? []
  const asProject = project
    ? words.newTask.asProject(agentName(project.agentType))
    : words.newTask.asProjectUnknown
  return (
    <div className={styles.wishes}>
      <Field label={words.newTask.agent} error={errors.agentType}>
        <select
          className="input"
          value={form.agentType}
          onChange={(event) => onChange({ agentType: event.target.value })}
        >
          <option value="">{asProject}</option>
          {agents.map(({ type }) => (
            <option key={type} value={type}>
              {agentName(type)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={words.newTask.model} hint={words.newTask.modelHint} error={errors.model}>
        <input
          className="input"
          value={form.model}
          maxLength={200}
          placeholder={project?.agentOptions?.model ?? ''}
          autoComplete="off"
          onChange={(event) => onChange({ model: event.target.value })}
        />
      </Field>
      <Field label={words.newTask.where} error={errors.machineId}>
        <select
          className="input"
          value={form.where}
          onChange={(event) => onChange({ where: event.target.value })}
        >
          <option value="any">{words.newTask.anyMachine}</option>
          <option value="labels">{words.newTask.byLabels}</option>
          <optgroup label={words.newTask.aMachine}>
            {machines.map((machine) => (
              <option key={machine.id} value={machine.id}>
                {nameOf(machine)}
              </option>
            ))}
          </optgroup>
        </select>
      </Field>
      <Field
        label={words.newTask.priority}
        hint={words.newTask.priorityHint}
        error={errors.priority}
      >
        <input
          className="input"
          inputMode="numeric"
          value={form.priority}
          maxLength={5}
          autoComplete="off"
          onChange={(event) => onChange({ priority: event.target.value })}
        />
      </Field>
      {form.where === 'labels' && (
        <Field
          label={words.newTask.labels}
          hint={words.newTask.labelsHint}
          error={errors.machineSelector}
        >
          <input
            className="input mono"
            value={form.labels}
            maxLength={1000}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange({ labels: event.target.value })}
          />
        </Field>
      )}
    </div>
  )
}

function nameOf({ name, status, connected }: { name: string; status: string; connected: boolean }) {
  if (status === 'draining' || status === 'drained') {
    return words.newTask.notHere(name, words.newTask.draining)
  }
  return connected ? name : words.newTask.notHere(name, words.newTask.offline)
}
