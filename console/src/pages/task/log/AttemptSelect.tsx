import { strings } from '../../../i18n'

/** A choice of the attempt to show. */
export function AttemptSelect(props: {
  latest: number
  shown: number
  choose: (attempt: number) => void
}) {
  return (
    <select
      className="input"
      aria-label={strings.log.attempts}
      value={props.shown}
      onChange={(event) => props.choose(Number(event.target.value))}
    >
      {Array.from({ length: props.latest }, (_, n) => props.latest - n).map((attempt) => (
        <option key={attempt} value={attempt}>
          {strings.log.attempt(attempt, attempt === props.latest)}
        </option>
      ))}
    </select>
  )
}
