/** Enrollment of a machine: its token, and its progress. */
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

export const enrollmentKey = (tokenId: number) => ['enrollment', tokenId]

const status = (tokenId: number) =>
  queryOptions({
    queryKey: enrollmentKey(tokenId),
    queryFn: () =>
      data(api.GET('/api/admin/worker-tokens/{tokenId}/status', { params: { path: { tokenId } } })),
    staleTime: 0,
  })

export const useEnrollment = (tokenId: number) => useQuery(status(tokenId))

export const useCreateEnrollmentToken = () =>
  useMutation({
    mutationFn: (body: Schemas['NewEnrollmentToken']) =>
      data(api.POST('/api/admin/worker-tokens', { body })),
  })
