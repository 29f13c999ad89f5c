import { words } from '../../../words'

/** Which attempt is shown. */
export function Attempts(props: {
  latest: number
  shown: number
  choose: (attempt: number) => void
}) {
  return (
    <select
      className="input"
      aria-label={words.log.attempts}
      value={props.shown}
      onChange={(event) => props.choose(Number(event.target.value))}
    >
      {Array.from({ length: props.latest }, (_, n) => props.latest - n).map((attempt) => (
        <option key={attempt} value={attempt}>
          {words.log.attempt(attempt, attempt === props.latest)}
        </option>
      ))}
    </select>
  )
}
