const FIRST = 1000
const LONGEST = 30_000

/** Milliseconds before a stream is tried again: at once after one that ended well, then longer each
 *  time, and never at the same time as all others. */
export function pauseBefore(failures: number, chance: number = Math.random()): number {
  if (failures === 0) return 200 * chance
  const most = Math.min(LONGEST, FIRST * 2 ** (failures - 1))
  return most / 2 + (most / 2) * chance
}
