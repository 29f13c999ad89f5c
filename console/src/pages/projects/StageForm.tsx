import { ArrowDown, ArrowUp, X } from 'lucide-react'
import { Button } from '../../components/controls/Button'
import { Field } from '../../components/forms/Field'
import { ErrorLine } from '../../components/forms/FormError'
import { strings } from '../../i18n'
import {
  type GateKind,
  gateOf,
  moveItem,
  type Stage,
  setStageField,
  stageErrors,
  withGate,
  withKind,
} from '../../lib/form/pipeline'
import { AdvancedStageFields } from './AdvancedStageFields'
import { GateFields } from './GateFields'
import { MinutesInput } from './MinutesInput'
import { OnFailureFields } from './OnFailureFields'
import styles from './projects.module.css'

const GATES: GateKind[] = ['none', 'confirm', 'choices', 'input']

type Props = {
  projectKey: string
  stage: Stage
  place: number
  count: number
  stages: readonly Stage[]
  errors: Record<string, string[]>
  onChange: (stage: Stage) => void
  onMove: (stages: Stage[]) => void
}

export function StageForm(props: Props) {
  const { stage, place, errors, onChange } = props
  const texts = strings.projects
  const errorOf = (field: string) => stageErrors(errors, place, field)
  const set = <K extends keyof Stage>(field: K, value: Stage[K] | undefined) =>
    onChange(setStageField(stage, field, value))
  const own = stageErrors(errors, place)
  const isShell = stage.kind === 'shell'
  return (
    <li className={`panel ${styles.stage}`}>
      <div className={styles.bar}>
        <h3>{texts.stage(place + 1)}</h3>
        <StageButtons {...props} />
      </div>
      <div className={styles.three}>
        <Field label={texts.name} error={errorOf('name')}>
          <input
            className="input"
            maxLength={64}
            value={stage.name}
            onChange={(event) => onChange({ ...stage, name: event.target.value })}
          />
        </Field>
        <Field label={texts.kind} error={errorOf('kind')}>
          <select
            className="input"
            value={stage.kind ?? 'agent'}
            onChange={({ target }) => onChange(withKind(stage, target.value as 'agent' | 'shell'))}
          >
            <option value="agent">{texts.kinds.agent}</option>
            <option value="shell">{texts.kinds.shell}</option>
          </select>
        </Field>
        <Field label={texts.timeout} error={errorOf('timeout')}>
          <MinutesInput seconds={stage.timeout} onChange={(seconds) => set('timeout', seconds)} />
        </Field>
      </div>
      <Field label={isShell ? texts.script : texts.command} error={errorOf('command')}>
        <textarea
          className={`input ${isShell ? 'mono' : ''}`}
          rows={Math.min(12, Math.max(3, stage.command?.split('\n').length ?? 0))}
          value={stage.command ?? ''}
          onChange={(event) => onChange({ ...stage, command: event.target.value })}
        />
      </Field>
      <GateSelect stage={stage} onChange={onChange} />
      {gateOf(stage) !== 'none' && (
        <GateFields projectKey={props.projectKey} stage={stage} set={set} wrong={errorOf} />
      )}
      {isShell && <OnFailureFields stage={stage} place={place} stages={props.stages} set={set} />}
      <AdvancedStageFields stage={stage} set={set} wrong={errorOf} />
      {own && <ErrorLine text={own} />}
    </li>
  )
}

/** Buttons that move the stage up or down, or delete it. */
function StageButtons({ stage, place, count, stages, onMove }: Props) {
  const texts = strings.projects
  return (
    <span className="row">
      <Button
        variant="quiet"
        size="square"
        aria-label={texts.stageUp(stage.name)}
        disabled={place === 0}
        onClick={() => onMove(moveItem(stages, place, place - 1))}
      >
        <ArrowUp className="i" aria-hidden="true" />
      </Button>
      <Button
        variant="quiet"
        size="square"
        aria-label={texts.stageDown(stage.name)}
        disabled={place === count - 1}
        onClick={() => onMove(moveItem(stages, place, place + 1))}
      >
        <ArrowDown className="i" aria-hidden="true" />
      </Button>
      <Button
        variant="quiet"
        size="square"
        aria-label={texts.removeStage(stage.name)}
        disabled={count === 1}
        onClick={() => onMove(stages.filter((_, at) => at !== place))}
      >
        <X className="i" aria-hidden="true" />
      </Button>
    </span>
  )
}

function GateSelect({ stage, onChange }: Pick<Props, 'stage' | 'onChange'>) {
  return (
    <Field label={strings.projects.gate}>
      <select
        className="input"
        value={gateOf(stage)}
        onChange={(event) => onChange(withGate(stage, event.target.value as GateKind))}
      >
        {GATES.map((gate) => (
          <option key={gate} value={gate}>
            {strings.projects.gates[gate]}
          </option>
        ))}
      </select>
    </Field>
  )
}
