/** Virtual scrolling for more rows than an element can be tall. `top` is the start of the view in
 *  pixels of all rows; `scroll` is the browser's scroll position. Near both ends they map 1:1; in
 *  between the browser's range is compressed, but small steps keep their size. */

/** Chrome renders up to 33 million pixels, Firefox up to 17. */
const MAX_ELEMENT_HEIGHT = 8_000_000
const EDGE_PIXELS = 200_000

export type Rows = {
  /** Of all rows, in pixels. */
  height: number
  /** Of the visible part, in pixels. */
  view: number
}

/** Returns the height of the browser's element. */
export function elementHeight({ height }: Rows): number {
  return Math.min(height, MAX_ELEMENT_HEIGHT)
}

export function maxTop({ height, view }: Rows): number {
  return Math.max(0, height - view)
}

/** Returns the browser's scroll position for `top`. */
export function scrollForTop(top: number, rows: Rows): number {
  const { most, way } = scrollRanges(rows)
  if (most === way || top <= EDGE_PIXELS) return top
  if (top >= most - EDGE_PIXELS) return way - (most - top)
  return EDGE_PIXELS + ((top - EDGE_PIXELS) * (way - 2 * EDGE_PIXELS)) / (most - 2 * EDGE_PIXELS)
}

/** Returns the start of the view after a jump to `scroll`, such as with the scroll bar. */
export function topForScroll(scroll: number, rows: Rows): number {
  const { most, way } = scrollRanges(rows)
  const at = Math.max(0, Math.min(way, scroll))
  if (most === way || at <= EDGE_PIXELS) return at
  if (at >= way - EDGE_PIXELS) return most - (way - at)
  return EDGE_PIXELS + ((at - EDGE_PIXELS) * (most - 2 * EDGE_PIXELS)) / (way - 2 * EDGE_PIXELS)
}

/** Returns the start of the view after the browser scrolled: small steps, as of a wheel, have the
 *  same length everywhere; larger ones, as of the scroll bar, jump to the position. */
export function topAfterScroll(top: number, from: number, to: number, rows: Rows): number {
  const step = to - from
  if (Math.abs(step) > 2 * rows.view) return topForScroll(to, rows)
  return Math.max(0, Math.min(maxTop(rows), top + step))
}

function scrollRanges(rows: Rows): { most: number; way: number } {
  return { most: maxTop(rows), way: Math.max(0, elementHeight(rows) - rows.view) }
}

/** Returns the visible rows as [first, end), for rows of this height. */
export function visibleRange(top: number, view: number, row: number, count: number) {
  const first = Math.max(0, Math.min(count, Math.floor(top / row)))
  return { first, end: Math.min(count, Math.ceil((top + view) / row)) }
}
