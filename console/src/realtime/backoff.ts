const INITIAL_MILLISECONDS = 1000
const MAX_MILLISECONDS = 30_000

/** Milliseconds before a stream is tried again: at once after one that ended well, then longer each
 *  time, and never at the same time as all others. */
export function backoffMilliseconds(failures: number, chance: number = Math.random()): number {
  if (failures === 0) return 200 * chance
  const most = Math.min(MAX_MILLISECONDS, INITIAL_MILLISECONDS * 2 ** (failures - 1))
  return most / 2 + (most / 2) * chance
}
