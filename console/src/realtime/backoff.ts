const INITIAL_MILLISECONDS = 1000
const MAX_MILLISECONDS = 30_000

/** Returns the milliseconds before a stream reconnects: almost none after a successful connection,
 *  then exponential backoff with jitter. */
export function backoffMilliseconds(failures: number, chance: number = Math.random()): number {
  if (failures === 0) return 200 * chance
  const most = Math.min(MAX_MILLISECONDS, INITIAL_MILLISECONDS * 2 ** (failures - 1))
  return most / 2 + (most / 2) * chance
}
