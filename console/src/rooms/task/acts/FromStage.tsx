import type { Schemas } from '../../../api/client'
import { words } from '../../../words'

/** Which stage it begins from. */
export function FromStage(props: {
  task: Schemas['TaskDetail']
  stage: number
  onChange: (stage: number) => void
}) {
  return (
    <fieldset>
      <legend className="hidden">{words.task.retryFrom}</legend>
      {props.task.pipeline.map(({ name }, index) => (
        <label key={name} className="pick">
          <input
            type="radio"
            name="stage"
            checked={props.stage === index}
            onChange={() => props.onChange(index)}
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  )
}
