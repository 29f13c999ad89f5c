/** Scrolling through more rows than a browser can make an element tall for. `top` is where the view
 *  begins, in pixels of all rows; `scroll` what the browser has for it. Near both ends one pixel is
 *  one pixel; between them the browser's way is shorter, and a small step is still a small step. */

/** Chrome draws up to 33 million pixels, Firefox up to 17. */
const MAX_ELEMENT_HEIGHT = 8_000_000
const EDGE_PIXELS = 200_000

export type Rows = {
  /** Of all rows, in pixels. */
  height: number
  /** Of what is seen of them. */
  view: number
}

/** How tall the browser's element is. */
export function elementHeight({ height }: Rows): number {
  return Math.min(height, MAX_ELEMENT_HEIGHT)
}

export function maxTop({ height, view }: Rows): number {
  return Math.max(0, height - view)
}

/** Where the browser has to be for `top`. */
export function scrollForTop(top: number, rows: Rows): number {
  const { most, way } = scrollRanges(rows)
  if (most === way || top <= EDGE_PIXELS) return top
  if (top >= most - EDGE_PIXELS) return way - (most - top)
  return EDGE_PIXELS + ((top - EDGE_PIXELS) * (way - 2 * EDGE_PIXELS)) / (most - 2 * EDGE_PIXELS)
}

/** Where the view begins when the browser was taken to `scroll`: with the scroll bar, say. */
export function topForScroll(scroll: number, rows: Rows): number {
  const { most, way } = scrollRanges(rows)
  const at = Math.max(0, Math.min(way, scroll))
  if (most === way || at <= EDGE_PIXELS) return at
  if (at >= way - EDGE_PIXELS) return most - (way - at)
  return EDGE_PIXELS + ((at - EDGE_PIXELS) * (most - 2 * EDGE_PIXELS)) / (way - 2 * EDGE_PIXELS)
}

/** Where the view begins after the browser went from one place to another: a wheel's step is as long
 *  anywhere, a drag of the scroll bar goes by its place. */
export function topAfterScroll(top: number, from: number, to: number, rows: Rows): number {
  const step = to - from
  if (Math.abs(step) > 2 * rows.view) return topForScroll(to, rows)
  return Math.max(0, Math.min(maxTop(rows), top + step))
}

function scrollRanges(rows: Rows): { most: number; way: number } {
  return { most: maxTop(rows), way: Math.max(0, elementHeight(rows) - rows.view) }
}

/** The rows of that height that are seen, [first, end). */
export function visibleRange(top: number, view: number, row: number, count: number) {
  const first = Math.max(0, Math.min(count, Math.floor(top / row)))
  return { first, end: Math.min(count, Math.ceil((top + view) / row)) }
}
