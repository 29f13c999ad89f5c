/** A number acts on the row that is selected, and the next row is selected as soon as it has: one that
 *  is held down, or pressed twice in a hurry, would answer what nobody has read. */
const MIN_INTERVAL_MILLISECONDS = 500

type KeyPress = { key: string; repeat: boolean; timeStamp: number }

/** Says of each press, in their order, whether it is one too many. */
export function createKeyRepeatGuard(): (press: KeyPress) => boolean {
  let last: KeyPress | null = null
  return (press) => {
    if (!/^[1-9]$/.test(press.key)) return false
    const isSoon =
      last?.key === press.key && press.timeStamp - last.timeStamp < MIN_INTERVAL_MILLISECONDS
    last = press
    return press.repeat || isSoon
  }
}
