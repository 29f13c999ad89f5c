/** How far ahead of what is drawn the server may send. It is told in steps, and sends no more than
 *  half a MiB beyond; what a terminal prints faster than it can be drawn is skipped there. */

const STEP_BYTES = 64 * 1024

export type FlowControl = { drawn: (offset: number) => void; jumped: (offset: number) => void }

/** `say` is called with the offset up to which all is drawn. */
export function createFlowControl(say: (offset: number) => void): FlowControl {
  let told = 0
  const acknowledge = (offset: number) => {
    told = offset
    say(offset)
  }
  return {
    drawn: (offset) => {
      if (offset >= told + STEP_BYTES) acknowledge(offset)
    },
    /** A screen was drawn: the bytes that follow it are waited for. */
    jumped: acknowledge,
  }
}
