/** The context that the parts of a diff share: the review that they belong to. */
import { createContext, useContext } from 'react'
import type { Schemas } from '../../../../api/client'

/** `narrow`: one column with one line number, for phones. */
export type Layout = 'unified' | 'split' | 'narrow'

/** The number of columns of the table. */
export const columnsOf: Record<Layout, number> = { unified: 3, split: 4, narrow: 2 }

export type ReviewContext = {
  task: Schemas['TaskDetail']
  base: string
  commit: string
  layout: Layout
  /** Whether the commit is the latest, so that you can approve it and mark files as viewed. */
  isLatest: boolean
  /** Whether you can comment, and mark files as viewed. */
  canReview: boolean
  /** Your ID, to show "You" as the author. */
  me: number | undefined
}

const context = createContext<ReviewContext | null>(null)
export const ReviewProvider = context.Provider

export function useReview(): ReviewContext {
  const review = useContext(context)
  if (review === null) throw new Error('a part of a diff without a diff')
  return review
}
