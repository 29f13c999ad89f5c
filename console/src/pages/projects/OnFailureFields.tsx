import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { agentsBefore, type Stage } from '../../lib/form/pipeline'
import type { SetStageField } from './GateFields'
import styles from './projects.module.css'

const MAX_TIMES = 5
const DEFAULT_TIMES = 3

/** What happens when a shell stage fails: nothing, or its failure goes back to an agent's stage. */
export function OnFailureFields(props: {
  stage: Stage
  place: number
  stages: readonly Stage[]
  set: SetStageField
}) {
  const { stage, set } = props
  const texts = strings.projects
  const rule = stage.onFailure
  const names = agentsBefore(props.stages, props.place, rule?.to)
  if (names.length === 0) return null
  const change = (to: string) =>
    set('onFailure', to ? { times: DEFAULT_TIMES, ...rule, to } : undefined)
  return (
    <>
      <div className={styles.two}>
        <Field label={texts.onFailure} hint={texts.onFailureHint}>
          <select
            className="input"
            value={rule?.to ?? ''}
            onChange={({ target }) => change(target.value)}
          >
            <option value="">{texts.onFailureEnds}</option>
            {names.map((name) => (
              <option key={name} value={name}>
                {texts.onFailureBack(name)}
              </option>
            ))}
          </select>
        </Field>
        {rule && (
          <Field label={texts.onFailureTimes}>
            <input
              className="input"
              type="number"
              min={1}
              max={MAX_TIMES}
              value={rule.times}
              onChange={({ target }) =>
                set('onFailure', { ...rule, times: Number(target.value) || 1 })
              }
            />
          </Field>
        )}
      </div>
      {rule && (
        <Field label={texts.onFailureMessage} hint={texts.onFailureMessageHint}>
          <textarea
            className="input"
            maxLength={2000}
            rows={2}
            value={rule.message ?? ''}
            onChange={({ target }) => set('onFailure', { ...rule, message: target.value })}
          />
        </Field>
      )}
    </>
  )
}
