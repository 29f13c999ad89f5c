/** How many things wait for the one who looks. */
export function NeedsCount() {
  return null
}
