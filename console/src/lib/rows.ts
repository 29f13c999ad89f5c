/** Scrolling through more rows than a browser can make an element tall for. `top` is where the view
 *  begins, in pixels of all rows; `scroll` what the browser has for it. Near both ends one pixel is
 *  one pixel; between them the browser's way is shorter, and a small step is still a small step. */

/** Chrome draws up to 33 million pixels, Firefox up to 17. */
const TALLEST = 8_000_000
const NEAR = 200_000

export type Rows = {
  /** Of all rows, in pixels. */
  height: number
  /** Of what is seen of them. */
  view: number
}

/** How tall the browser's element is. */
export function tall({ height }: Rows): number {
  return Math.min(height, TALLEST)
}

export function mostTop({ height, view }: Rows): number {
  return Math.max(0, height - view)
}

/** Where the browser has to be for `top`. */
export function scrollOf(top: number, rows: Rows): number {
  const { most, way } = ways(rows)
  if (most === way || top <= NEAR) return top
  if (top >= most - NEAR) return way - (most - top)
  return NEAR + ((top - NEAR) * (way - 2 * NEAR)) / (most - 2 * NEAR)
}

/** Where the view begins when the browser was taken to `scroll`: with the scroll bar, say. */
export function topOf(scroll: number, rows: Rows): number {
  const { most, way } = ways(rows)
  const at = Math.max(0, Math.min(way, scroll))
  if (most === way || at <= NEAR) return at
  if (at >= way - NEAR) return most - (way - at)
  return NEAR + ((at - NEAR) * (most - 2 * NEAR)) / (way - 2 * NEAR)
}

/** Where the view begins after the browser went from one place to another: a wheel's step is as long
 *  anywhere, a drag of the scroll bar goes by its place. */
export function moved(top: number, from: number, to: number, rows: Rows): number {
  const step = to - from
  if (Math.abs(step) > 2 * rows.view) return topOf(to, rows)
  return Math.max(0, Math.min(mostTop(rows), top + step))
}

function ways(rows: Rows): { most: number; way: number } {
  return { most: mostTop(rows), way: Math.max(0, tall(rows) - rows.view) }
}

/** The rows of that height that are seen, [first, end). */
export function seen(top: number, view: number, row: number, count: number) {
  const first = Math.max(0, Math.min(count, Math.floor(top / row)))
  return { first, end: Math.min(count, Math.ceil((top + view) / row)) }
}
