import { useState } from 'react'

/** Which dialog is open, and on what. */
export function useOpenDialog<What extends string, T>() {
  const [opened, set] = useState<{ what: What; on: T }>()
  return {
    opened,
    open: (what: What, on: T) => () => set({ what, on }),
    close: () => set(undefined),
  }
}
