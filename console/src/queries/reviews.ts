/** The review of a task's changes. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, type Schemas } from '../api/client'
import { strings } from '../i18n'
import { IdempotencyKeys } from '../lib/net/idempotencyKeys'
import { broadcastReviewChange } from '../realtime/reviewChannel'
import { showErrorToast, showToast } from '../state/toasts'
import { fetchAllPages } from './pagination'
import { invalidateTask } from './task'

type Viewed = { path: string; blob: string | null }
type CommentInput = Omit<Schemas['ReviewCommentInput'], 'publish'> & {
  publish?: boolean
  key: string
}

const reviewKey = (taskId: number) => ['review', taskId] as const

/** Fetches all threads, with their positions in `commit`. */
export function useThreads(taskId: number, commit: string | undefined) {
  return useQuery({
    queryKey: [...reviewKey(taskId), 'threads', commit],
    queryFn: () =>
      fetchAllPages((cursor) => {
        const params = { path: { taskId }, query: { limit: 100, cursor, commit } }
        return data(api.GET('/api/web/tasks/{taskId}/comments', { params }))
      }),
    enabled: commit !== undefined,
    placeholderData: (before) => before,
  })
}

/** Fetches the IDs of your comments that nobody else can see. */
export async function fetchDraftIds(taskId: number): Promise<number[]> {
  const threads = await fetchAllPages((cursor) => {
    const params = { path: { taskId }, query: { limit: 100, cursor } }
    return data(api.GET('/api/web/tasks/{taskId}/comments', { params }))
  })
  const comments = threads.flatMap((thread) => thread.comments)
  return comments.filter(({ draft }) => draft).map(({ id }) => id)
}

export function useReviews(taskId: number) {
  return useQuery({
    queryKey: [...reviewKey(taskId), 'reviews'],
    queryFn: async () => {
      const params = { path: { taskId }, query: { limit: 100 } }
      return (await data(api.GET('/api/web/tasks/{taskId}/reviews', { params }))).items
    },
  })
}

/** Fetches the user's own viewed marks by path, with the blob that was viewed. */
export function useViewed(taskId: number) {
  return useQuery({
    queryKey: [...reviewKey(taskId), 'viewed'],
    queryFn: async () => {
      const marks = await fetchAllPages((cursor) => {
        const params = { path: { taskId }, query: { limit: 100, cursor } }
        return data(api.GET('/api/web/tasks/{taskId}/viewed', { params }))
      })
      return new Map(marks.map(({ path, blob }) => [path, blob]))
    },
  })
}

/** Updates optimistically; fetches the marks again if the server refuses. */
export function useMarkViewed(taskId: number) {
  const cache = useQueryClient()
  const queryKey = [...reviewKey(taskId), 'viewed']
  return useMutation({
    mutationFn: (mark: Viewed & { viewed: boolean }) => {
      const params = { path: { taskId } }
      return data(api.PUT('/api/web/tasks/{taskId}/viewed', { params, body: mark }))
    },
    onMutate: async ({ path, blob, viewed }) => {
      await cache.cancelQueries({ queryKey })
      cache.setQueryData<Map<string, string | null>>(queryKey, (before) => {
        const after = new Map(before)
        if (viewed) after.set(path, blob)
        else after.delete(path)
        return after
      })
    },
    onError: () => cache.invalidateQueries({ queryKey }),
    onSuccess: () => broadcastReviewChange(taskId, 'viewed'),
  })
}

/** Changes threads; they are fetched again afterwards, here and in the browser's other tabs. */
function useThreadMutation<I, O>(taskId: number, act: (input: I) => Promise<O>) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSettled: () => {
      broadcastReviewChange(taskId, 'threads')
      return cache.invalidateQueries({ queryKey: [...reviewKey(taskId), 'threads'] })
    },
  })
}

export function useCreateComment(taskId: number) {
  return useThreadMutation(taskId, ({ publish = false, key, ...comment }: CommentInput) => {
    const params = { path: { taskId }, header: { 'Idempotency-Key': key } }
    const body = { publish, ...comment }
    return data(api.POST('/api/web/tasks/{taskId}/comments', { params, body }))
  })
}

export function useEditComment(taskId: number) {
  return useThreadMutation(taskId, ({ id: commentId, body }: { id: number; body: string }) => {
    const params = { path: { taskId, commentId } }
    return data(api.PUT('/api/web/tasks/{taskId}/comments/{commentId}', { params, body: { body } }))
  })
}

export function useDeleteComment(taskId: number) {
  return useThreadMutation(taskId, (commentId: number) => {
    const params = { path: { taskId, commentId } }
    return data(api.DELETE('/api/web/tasks/{taskId}/comments/{commentId}', { params }))
  })
}

export function useResolveThread(taskId: number) {
  return useThreadMutation(
    taskId,
    ({ id: threadId, resolved }: { id: number; resolved: boolean }) => {
      const params = { path: { taskId, threadId } }
      return resolved
        ? data(api.POST('/api/web/tasks/{taskId}/threads/{threadId}/resolve', { params }))
        : data(api.POST('/api/web/tasks/{taskId}/threads/{threadId}/reopen', { params }))
    },
  )
}

/** Submits a review. Not optimistic: another user may have been faster. */
export function useSubmitReview(taskId: number) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ key, ...body }: Schemas['NewReview'] & { key: string }) => {
      const params = { path: { taskId }, header: { 'Idempotency-Key': key } }
      return data(api.POST('/api/web/tasks/{taskId}/reviews', { params, body }))
    },
    onSettled: () => {
      broadcastReviewChange(taskId, 'threads')
      invalidateTask(cache, taskId)
      return cache.invalidateQueries({ queryKey: reviewKey(taskId) })
    },
  })
}

/** Requests changes instead of answering the question before a stage. If the response is lost, the
 *  same text isn't stored twice. */
export function useRequestChanges(
  taskId: number,
  { stageIndex, number }: Pick<Schemas['PendingGate'], 'stageIndex' | 'number'>,
) {
  const { mutate, isPending } = useSubmitReview(taskId)
  const [once] = useState(() => new IdempotencyKeys())
  const send = (body: string) => {
    const review = { verdict: 'request_changes' as const, body, stageIndex, number }
    mutate(
      { ...review, key: once.keyFor(review) },
      {
        onSuccess: ({ followUp }) => {
          once.reset()
          const { changesRequested, changesNotPossible } = strings.gate
          showToast(followUp === null ? changesNotPossible : changesRequested)
        },
        onError: showErrorToast,
      },
    )
  }
  return { mutate: send, isPending }
}
