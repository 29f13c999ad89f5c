import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '../api/client'

const device = (userCode: string) =>
  queryOptions({
    queryKey: ['device', userCode],
    queryFn: () => data(api.GET('/api/web/device/{userCode}', { params: { path: { userCode } } })),
    enabled: userCode !== '',
    // Looks a code up once, because each lookup counts.
    gcTime: 0,
    retry: false,
  })

/** The device that requests access with this code, and where it is. */
export const useDevice = (userCode: string) => useQuery(device(userCode))

export const approveDevice = (userCode: string) =>
  data(api.POST('/api/web/device/{userCode}/approve', { params: { path: { userCode } } }))

export const denyDevice = (userCode: string) =>
  data(api.POST('/api/web/device/{userCode}/deny', { params: { path: { userCode } } }))
