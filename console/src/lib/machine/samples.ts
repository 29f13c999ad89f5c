/** Samples for charts. Pure. */

type Column = readonly (number | null)[]

/** Returns times in seconds, then the columns. Inserts a row without values where samples are more
 *  than one and a half steps apart, so that the lines have a gap. */
export function columnsOf(
  at: readonly string[],
  columns: readonly Column[],
  stepSeconds: number,
): (number | null)[][] {
  const times: number[] = []
  const values: (number | null)[][] = columns.map(() => [])
  at.forEach((moment, place) => {
    const time = Date.parse(moment) / 1000
    const before = times.at(-1)
    if (before !== undefined && time - before > stepSeconds * 1.5) {
      times.push(before + stepSeconds)
      for (const column of values) column.push(null)
    }
    times.push(time)
    columns.forEach((column, which) => {
      values[which]?.push(column[place] ?? null)
    })
  })
  return [times, ...values]
}
