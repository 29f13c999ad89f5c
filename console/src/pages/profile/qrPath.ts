/** Returns the dark squares of a QR code as one SVG path, one rectangle per run in a row. */
export function qrPath(rows: boolean[][]): string {
  return rows.flatMap((row, y) => runsOf(row).map(([x, length]) => runPath(x, y, length))).join('')
}

function runPath(x: number, y: number, length: number): string {
  return `M${x} ${y}h${length}v1h-${length}z`
}

function runsOf(row: boolean[]): [number, number][] {
  const runs: [number, number][] = []
  row.forEach((isDark, x) => {
    const last = runs.at(-1)
    if (!isDark) return
    if (last && last[0] + last[1] === x) last[1] += 1
    else runs.push([x, 1])
  })
  return runs
}
