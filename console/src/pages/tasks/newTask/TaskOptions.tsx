import { Field } from '../../../components/forms/Field'
import { strings } from '../../../i18n'
import { agentName } from '../../../lib/format/agentNames'
import { useAgentOptions, useMachineOptions } from '../../../queries/options'
import { useProject } from '../../../queries/projects'
import type { Form } from './form'
import styles from './NewTask.module.css'

type Props = {
  form: Form
  errors: Record<string, string | undefined>
  onChange: (some: Partial<Form>) => void
}

/** The agent, machine and priority of a task. */
export function TaskOptions(props: Props) {
  const { form, errors, onChange } = props
  return (
    <div className={styles.wishes}>
      <AgentFields {...props} />
      <MachineField {...props} />
      <Field
        label={strings.newTask.priority}
        hint={strings.newTask.priorityHint}
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
          label={strings.newTask.labels}
          hint={strings.newTask.labelsHint}
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

function AgentFields({ form, errors, onChange }: Props) {
  const project = useProject(form.projectKey).data
  const agents = useAgentOptions() ?? []
  const asProject = project
    ? strings.newTask.asProject(agentName(project.agentType))
    : strings.newTask.asProjectUnknown
  return (
    <>
      <Field label={strings.newTask.agent} error={errors.agentType}>
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
      <Field label={strings.newTask.model} hint={strings.newTask.modelHint} error={errors.model}>
        <input
          className="input"
          value={form.model}
          maxLength={200}
          placeholder={project?.agentOptions?.model ?? ''}
          autoComplete="off"
          onChange={(event) => onChange({ model: event.target.value })}
        />
      </Field>
    </>
  )
}

function MachineField({ form, errors, onChange }: Props) {
  const machines = useMachineOptions() ?? []
  return (
    <Field label={strings.newTask.where} error={errors.machineId}>
      <select
        className="input"
        value={form.where}
        onChange={(event) => onChange({ where: event.target.value })}
      >
        <option value="any">{strings.newTask.anyMachine}</option>
        <option value="labels">{strings.newTask.byLabels}</option>
        <optgroup label={strings.newTask.aMachine}>
          {machines.map((machine) => (
            <option key={machine.id} value={machine.id}>
              {nameOf(machine)}
            </option>
          ))}
        </optgroup>
      </select>
    </Field>
  )
}

function nameOf({ name, status, connected }: { name: string; status: string; connected: boolean }) {
  if (status === 'draining' || status === 'drained') {
    return strings.newTask.notHere(name, strings.newTask.draining)
  }
  return connected ? name : strings.newTask.notHere(name, strings.newTask.offline)
}
