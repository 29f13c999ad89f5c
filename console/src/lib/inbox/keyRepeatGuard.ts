/** A number key answers the selected item, and the next item is then selected at once. A key that
 *  is held down or pressed twice would answer a question that the user hasn't read. */
const MIN_INTERVAL_MILLISECONDS = 500

type KeyPress = { key: string; repeat: boolean; timeStamp: number }

/** Returns a function that decides for each key press, in order, whether to ignore it. */
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
