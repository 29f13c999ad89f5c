/** Reads the data of a transcript entry, which is unchecked machine input: values of the wrong type
 *  count as missing. */
type Data = Record<string, unknown>

/** Returns a string; null if there is none. */
export function textIn(data: Data, name: string): string | null {
  const value = data[name]
  return typeof value === 'string' ? value : null
}

export function textsIn(data: Data, name: string): string[] {
  return listIn(data, name).filter((one) => typeof one === 'string')
}

/** Returns the objects in a list. */
export function objectsIn(data: Data, name: string): Data[] {
  return listIn(data, name).filter(
    (one): one is Data => typeof one === 'object' && one !== null && !Array.isArray(one),
  )
}

export function numberIn(data: Data, name: string): number | null {
  const value = data[name]
  return typeof value === 'number' ? value : null
}

function listIn(data: Data, name: string): unknown[] {
  const value = data[name]
  return Array.isArray(value) ? value : []
}
