import { QueryClient } from '@tanstack/react-query'
import { expect, it } from 'vitest'
import type { Machine } from '../lib/machine/machines'
import { applyMachineUpdates } from './machines'

const machine = (id: string, status: string) => ({ id, name: id, status }) as Machine

it('an update reaches every list of machines, and the page of each', () => {
  const cache = new QueryClient()
  const [heron, tern] = [machine('heron', 'online'), machine('tern', 'online')]
  cache.setQueryData(['machines', 'all'], [heron, tern])
  cache.setQueryData(['machines', 'admin'], {
    pages: [
      { items: [heron], nextCursor: 'x' },
      { items: [tern], nextCursor: null },
    ],
    pageParams: [undefined, 'x'],
  })
  cache.setQueryData(['machine', 'tern'], tern)
  applyMachineUpdates(cache, [{ id: 'tern', status: 'offline' }])
  const statuses = (list: Machine[]) => list.map(({ status }) => status)
  expect(statuses(cache.getQueryData(['machines', 'all']) ?? [])).toEqual(['online', 'offline'])
  const admin = cache.getQueryData<{ pages: { items: Machine[] }[] }>(['machines', 'admin'])
  expect(admin?.pages.map(({ items }) => statuses(items))).toEqual([['online'], ['offline']])
  expect(cache.getQueryData(['machine', 'tern'])).toMatchObject({ status: 'offline' })
})

it('a decommissioned machine stays in the list of admins only', () => {
  const cache = new QueryClient()
  const tern = machine('tern', 'drained')
  cache.setQueryData(['machines', 'all'], [tern])
  cache.setQueryData(['machines', 'admin'], {
    pages: [{ items: [tern], nextCursor: null }],
    pageParams: [undefined],
  })
  applyMachineUpdates(cache, [{ id: 'tern', status: 'decommissioned' }])
  expect(cache.getQueryData(['machines', 'all'])).toEqual([])
  const admin = cache.getQueryData<{ pages: { items: Machine[] }[] }>(['machines', 'admin'])
  expect(admin?.pages[0]?.items).toMatchObject([{ status: 'decommissioned' }])
})
