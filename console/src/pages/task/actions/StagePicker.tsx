import type { Schemas } from '../../../api/client'
import { strings } from '../../../i18n'

/** A choice of the first stage to run. */
export function StagePicker(props: {
  task: Schemas['TaskDetail']
  stage: number
  /** The stages from which the task can start. */
  beginnings: number[]
  onChange: (stage: number) => void
}) {
  return (
    <fieldset>
      <legend className="hidden">{strings.task.retryFrom}</legend>
      {props.task.pipeline.map(({ name }, index) => (
        <label key={name} className="pick">
          <input
            type="radio"
            name="stage"
            checked={props.stage === index}
            disabled={!props.beginnings.includes(index)}
            onChange={() => props.onChange(index)}
          />
          <span className={props.beginnings.includes(index) ? undefined : 'dim'}>{name}</span>
        </label>
      ))}
    </fieldset>
  )
}
