/** Returns which item of a form field an error's name refers to: a label's name (`labels.gpu.key`)
 *  or a list index from 0 (`network.allow.2`). Null: the whole field. */
export function fieldItem(field: string, name: string): string | number | null {
  const rest = name.slice(field.length + 1)
  const place = /(?:^|\.)(\d+)$/.exec(rest)
  if (place) return Number(place[1])
  return /^(.+)\.(?:key|value)$/.exec(rest)?.[1] ?? null
}
