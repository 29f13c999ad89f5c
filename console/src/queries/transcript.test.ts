import { QueryClient } from '@tanstack/react-query'
import { expect, it } from 'vitest'
import { makeEntry } from '../testing/tasks'
import { addEntries, forgetEntries, transcript } from './transcript'

const entry = (number: number, state: 'running' | 'done' | 'stopped' | null, title = '') =>
  makeEntry({ number, state, title })

function cacheWith(...entries: ReturnType<typeof entry>[]) {
  const cache = new QueryClient()
  cache.setQueryData(transcript(7, 1).queryKey, entries)
  return cache
}
const states = (cache: QueryClient) =>
  cache.getQueryData(transcript(7, 1).queryKey)?.map(({ number, state }) => [number, state])

it('replaces an entry by its number', () => {
  const cache = cacheWith(entry(0, null), entry(1, 'running'))
  addEntries(cache, 7, [entry(1, 'done'), entry(2, 'running')])
  expect(states(cache)).toEqual([
    [0, null],
    [1, 'done'],
    [2, 'running'],
  ])
  forgetEntries(7)
})

it('does not let an older state replace a newer one', () => {
  const cache = cacheWith(entry(0, 'done', 'new'))
  addEntries(cache, 7, [entry(0, 'running', 'old')])
  expect(states(cache)).toEqual([[0, 'done']])
  forgetEntries(7)
})
