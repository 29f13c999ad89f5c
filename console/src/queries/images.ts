/** Images that are attached to tasks and follow-ups. */
import { useQuery } from '@tanstack/react-query'
import { api, authorizedFetch, data, type Schemas } from '../api/client'
import { parseProblem } from '../api/problem'
import { uploadFile } from '../api/upload'

/** Uploads an image for a new task or follow-up of the project. */
export function uploadImage(
  projectKey: string,
  file: File,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Schemas['Image']> {
  const name = new URLSearchParams({ name: file.name })
  const url = `/api/web/projects/${encodeURIComponent(projectKey)}/images?${name}`
  return uploadFile(url, file, onProgress, signal)
}

/** Deletes an uploaded image that no task uses. The server does the same after a day, so errors are
 *  ignored. */
export function deleteImage(imageId: number): void {
  const params = { path: { imageId } }
  void data(api.DELETE('/api/web/images/{imageId}', { params })).catch(() => {})
}

/** Fetches an image of a task. It never changes. */
export function useTaskImage(taskId: number, imageId: number) {
  return useQuery({
    queryKey: ['image', taskId, imageId],
    queryFn: async ({ signal }) => {
      const url = `/api/web/tasks/${taskId}/images/${imageId}`
      const answer = await authorizedFetch(new Request(url, { signal }))
      if (!answer.ok) throw parseProblem(answer, await answer.json().catch(() => null))
      return answer.blob()
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
}
