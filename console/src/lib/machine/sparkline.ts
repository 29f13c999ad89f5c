/** SVG paths of the sparkline of a day, on a fixed scale of 0 to 100 %. Pure. */

export const WIDTH = 240
export const HEIGHT = 44
const TOP = 2.5
const BOTTOM = 42
const DAY_MILLISECONDS = 24 * 3600 * 1000

type Point = readonly [x: number, y: number]

/** Returns a closed path of points (`x,y x,y …`) for each stretch without a gap. A gap is a missing
 *  value, or a step longer than one and a half `stepMilliseconds`. */
export function areaPaths(
  at: readonly string[],
  percents: readonly (number | null)[],
  now: number,
  stepMilliseconds: number,
): string[] {
  const stretches: Point[][] = []
  let last = Number.NEGATIVE_INFINITY
  at.forEach((moment, place) => {
    const percent = percents[place]
    if (percent === null || percent === undefined) return
    const time = Date.parse(moment)
    if (time - last > stepMilliseconds * 1.5) stretches.push([])
    last = time
    stretches.at(-1)?.push([xOf(time, now), yOf(percent)])
  })
  return stretches.map((points) => closePath(points, stepMilliseconds))
}

function xOf(time: number, now: number): number {
  return WIDTH * (1 - (now - time) / DAY_MILLISECONDS)
}

function yOf(percent: number): number {
  const share = Math.min(100, Math.max(0, percent)) / 100
  return BOTTOM - (BOTTOM - TOP) * share
}

/** Closes a path at the bottom; the last value lasts until its step ends. */
function closePath(points: readonly Point[], stepMilliseconds: number): string {
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined) return ''
  const end = Math.min(WIDTH, last[0] + (WIDTH * stepMilliseconds) / DAY_MILLISECONDS)
  const whole: Point[] = [[first[0], BOTTOM], ...points, [end, last[1]], [end, BOTTOM]]
  return whole.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')
}

function round(n: number): number {
  return Math.round(n * 10) / 10
}
