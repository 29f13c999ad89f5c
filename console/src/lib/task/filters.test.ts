import { describe, expect, it } from 'vitest'
import {
  formatFilters,
  labelOptions,
  parseFilterQuery,
  parseFilters,
  toApiQuery,
  toggleValue,
} from './filters'

describe('the filters of a URL', () => {
  it('are what it says of them, and nothing else', () => {
    const search = { status: 'failed', new: 'task', q: '', machineId: 7 }
    expect(parseFilters(search)).toEqual({ status: 'failed' })
  })
  it('are always written in the same way, and read again', () => {
    const one = formatFilters({ q: 'a b&c', status: 'failed,queued' })
    expect(one).toBe(formatFilters({ status: 'failed,queued', q: 'a b&c' }))
    expect(parseFilterQuery(one)).toEqual({ status: 'failed,queued', q: 'a b&c' })
    expect(parseFilterQuery('status=&nothing=1')).toEqual({})
  })
  it('are asked for in the types of the contract', () => {
    expect(toApiQuery({ createdBy: '7', needsMe: 'true', q: 'x' })).toEqual({
      createdBy: 7,
      needsMe: true,
      q: 'x',
    })
    expect(toApiQuery({ createdBy: 'me', needsMe: 'no' })).toEqual({})
  })
})

it('a word is put in and taken out', () => {
  expect(toggleValue(undefined, 'failed')).toBe('failed')
  expect(toggleValue('failed', 'queued')).toBe('failed,queued')
  expect(toggleValue('failed,queued', 'failed')).toBe('queued')
  expect(toggleValue('failed', 'failed')).toBeUndefined()
})

it('offers each label of the machines once, and whatever the URL asks for', () => {
  const machines: Parameters<typeof labelOptions>[0] = [
    { labels: { gpu: 'true' }, adminLabels: { zone: 'eu' } },
    { labels: { gpu: 'true' }, adminLabels: {} },
  ]
  const offered = labelOptions(machines, { machineSelector: 'disk=ssd,gpu=true' })
  expect(offered.map(({ value }) => value)).toEqual(['disk=ssd,gpu=true', 'gpu=true', 'zone=eu'])
})
