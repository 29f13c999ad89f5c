import { useState } from 'react'

/** Tracks which dialog is open, and for which object. */
export function useOpenDialog<What extends string, T>() {
  const [opened, set] = useState<{ what: What; on: T }>()
  return {
    opened,
    open: (what: What, on: T) => () => set({ what, on }),
    close: () => set(undefined),
  }
}
