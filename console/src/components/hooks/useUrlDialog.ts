import { useUrlSearch } from './useUrlSearch'

/** Holds in the URL which of the page's dialogs is open, so that the palette can open it from
 *  anywhere. Check what is allowed before showing one. */
export function useUrlDialog<Name extends string>() {
  const [{ do: opened }, change] = useUrlSearch<{ do?: string }>()
  return [opened as Name | undefined, (name?: Name) => change({ do: name })] as const
}
