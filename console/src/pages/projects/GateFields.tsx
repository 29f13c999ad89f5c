import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { gateOf, type Stage } from '../../lib/form/pipeline'
import { MinutesInput } from './MinutesInput'
import styles from './projects.module.css'

export type SetStageField = <K extends keyof Stage>(field: K, value: Stage[K] | undefined) => void
type FieldErrorOf = (field: string) => string | undefined

/** Fields for the gate before a stage. */
export function GateFields({
  stage,
  set,
  wrong,
}: {
  stage: Stage
  set: SetStageField
  wrong: FieldErrorOf
}) {
  const say = strings.projects
  return (
    <>
      {gateOf(stage) === 'choices' && (
        <Field label={say.choices} error={wrong('choices')}>
          <textarea
            className="input"
            value={(stage.choices ?? []).join('\n')}
            onChange={(event) => set('choices', event.target.value.split('\n'))}
          />
        </Field>
      )}
      <div className={styles.two}>
        <Field label={say.prompt} hint={say.promptHint} error={wrong('prompt')}>
          <input
            className="input"
            maxLength={2000}
            value={stage.prompt ?? ''}
            onChange={(event) => set('prompt', event.target.value)}
          />
        </Field>
        <Field label={say.gateTimeout} hint={say.gateTimeoutHint} error={wrong('gateTimeout')}>
          <MinutesInput
            seconds={stage.gateTimeout}
            onChange={(seconds) => set('gateTimeout', seconds)}
          />
        </Field>
      </div>
    </>
  )
}
