const MINUTE_SECONDS = 60

/** An input in minutes for a value in seconds. Empty means not set. */
export function MinutesInput(props: {
  seconds: number | null | undefined
  onChange: (seconds: number | undefined) => void
}) {
  const { seconds, onChange, ...rest } = props
  return (
    <input
      {...rest}
      className="input"
      type="number"
      min={1}
      step="any"
      value={seconds ? seconds / MINUTE_SECONDS : ''}
      onChange={({ target }) =>
        onChange(
          target.value === '' ? undefined : Math.round(Number(target.value) * MINUTE_SECONDS),
        )
      }
    />
  )
}
