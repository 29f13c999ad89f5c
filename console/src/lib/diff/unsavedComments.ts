/** Comments of a review that were typed, but not yet added to it. */
import type { Schemas } from '../../api/client'
import { clearInput, listInput } from '../form/unsavedInput'

type Comment = Schemas['NewReviewComment']
type CommentPlace = Omit<Comment, 'body'>

/** Returns the key under which the text of a new comment is stored: where it will be. */
export function commentKey(taskId: number, place: CommentPlace): string {
  return `comment ${JSON.stringify([taskId, place])}`
}

export function unsavedComments(taskId: number): Comment[] {
  return listInput(prefixOf(taskId)).map(([key, body]) => {
    const [, place] = JSON.parse(key.slice('comment '.length)) as [number, CommentPlace]
    return { ...place, body }
  })
}

export function clearUnsavedComments(taskId: number): void {
  for (const [key] of listInput(prefixOf(taskId))) clearInput(key)
}

const prefixOf = (taskId: number) => `comment [${taskId},`
