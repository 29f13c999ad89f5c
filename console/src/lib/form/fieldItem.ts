/** Which item of a form's field a fault is about, by the fault's name: the name of a label
 *  (`labels.gpu.key`), or a place in a list, from 0 (`network.allow.2`). Null: the field as a whole. */
export function fieldItem(field: string, name: string): string | number | null {
  const rest = name.slice(field.length + 1)
  const place = /(?:^|\.)(\d+)$/.exec(rest)
  if (place) return Number(place[1])
  return /^(.+)\.(?:key|value)$/.exec(rest)?.[1] ?? null
}
