import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { gateOf, type Stage } from '../../lib/form/pipeline'
import { MinutesInput } from './MinutesInput'
import { PeoplePicker } from './PeoplePicker'
import styles from './projects.module.css'

export type SetStageField = <K extends keyof Stage>(field: K, value: Stage[K] | undefined) => void
type Who = NonNullable<Stage['answerers']>['who']
type FieldErrorOf = (field: string) => string | undefined

/** Fields for the gate before a stage. */
export function GateFields({
  projectKey,
  stage,
  set,
  wrong,
}: {
  projectKey: string
  stage: Stage
  set: SetStageField
  wrong: FieldErrorOf
}) {
  const texts = strings.projects
  return (
    <>
      {gateOf(stage) === 'choices' && (
        <Field label={texts.choices} error={wrong('choices')}>
          <textarea
            className="input"
            value={(stage.choices ?? []).join('\n')}
            onChange={(event) => set('choices', event.target.value.split('\n'))}
          />
        </Field>
      )}
      <div className={styles.two}>
        <Field label={texts.prompt} hint={texts.promptHint} error={wrong('prompt')}>
          <input
            className="input"
            maxLength={2000}
            value={stage.prompt ?? ''}
            onChange={(event) => set('prompt', event.target.value)}
          />
        </Field>
        <Field label={texts.gateTimeout} hint={texts.gateTimeoutHint} error={wrong('gateTimeout')}>
          <MinutesInput
            seconds={stage.gateTimeout}
            onChange={(seconds) => set('gateTimeout', seconds)}
          />
        </Field>
      </div>
      <AnswerersField projectKey={projectKey} stage={stage} set={set} error={wrong('answerers')} />
    </>
  )
}

function AnswerersField(props: {
  projectKey: string
  stage: Stage
  set: SetStageField
  error: string | undefined
}) {
  const texts = strings.answerers
  const chosen = props.stage.answerers
  const name = (developerIds: number[]) => props.set('answerers', { who: 'named', developerIds })
  return (
    <>
      <Field label={texts.label} hint={texts.hint} error={props.error}>
        <select
          className="input"
          value={chosen?.who ?? 'members'}
          onChange={(event) => {
            const who = event.target.value as Who
            if (who === 'named') name(chosen?.developerIds ?? [])
            else props.set('answerers', who === 'members' ? undefined : { who })
          }}
        >
          {(Object.keys(texts.who) as Who[]).map((who) => (
            <option key={who} value={who}>
              {texts.who[who]}
            </option>
          ))}
        </select>
      </Field>
      {chosen?.who === 'named' && (
        <PeoplePicker
          projectKey={props.projectKey}
          chosen={chosen.developerIds ?? []}
          onChange={name}
        />
      )}
    </>
  )
}
