/** What the parts of a diff know of the review that they are a part of. */
import { createContext, useContext } from 'react'
import type { Schemas } from '../../../../api/client'

/** `narrow`: in one column, with one number a line, as there is room for on a phone. */
export type Layout = 'unified' | 'split' | 'narrow'

/** How many columns a table has. */
export const columnsOf: Record<Layout, number> = { unified: 3, split: 4, narrow: 2 }

export type ReviewContext = {
  task: Schemas['TaskDetail']
  base: string
  commit: string
  layout: Layout
  /** Whether it is about the latest, so that files can be marked and all be approved. */
  isLatest: boolean
  /** Whether one may say something, and mark files. */
  canReview: boolean
  /** One's own id, to say "you" for it. */
  me: number | undefined
}

const context = createContext<ReviewContext | null>(null)
export const ReviewProvider = context.Provider

export function useReview(): ReviewContext {
  const review = useContext(context)
  if (review === null) throw new Error('a part of a diff without a diff')
  return review
}
