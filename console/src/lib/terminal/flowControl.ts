/** Flow control: limits how far the server may send ahead of what is drawn. Acknowledges in steps;
 *  the server sends at most half a MiB beyond, and skips output that a terminal prints faster than
 *  it can be drawn. */

const STEP_BYTES = 64 * 1024

export type FlowControl = { drawn: (offset: number) => void; jumped: (offset: number) => void }

/** Calls `onDrawn` with the offset up to which everything is drawn. */
export function createFlowControl(onDrawn: (offset: number) => void): FlowControl {
  let acknowledged = 0
  const acknowledge = (offset: number) => {
    acknowledged = offset
    onDrawn(offset)
  }
  return {
    drawn: (offset) => {
      if (offset >= acknowledged + STEP_BYTES) acknowledge(offset)
    },
    /** A screen was drawn: acknowledges at once, because its following bytes are needed. */
    jumped: acknowledge,
  }
}
