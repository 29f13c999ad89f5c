import { describe, expect, it } from 'vitest'
import { filtersOf, labelsOf, queryOf, read, toggled, written } from './taskFilters'

describe('the filters of a URL', () => {
  it('are what it says of them, and nothing else', () => {
    const search = { status: 'failed', new: 'task', q: '', machineId: 7 }
    expect(filtersOf(search)).toEqual({ status: 'failed' })
  })
  it('are always written in the same way, and read again', () => {
    const one = written({ q: 'a b&c', status: 'failed,queued' })
    expect(one).toBe(written({ status: 'failed,queued', q: 'a b&c' }))
    expect(read(one)).toEqual({ status: 'failed,queued', q: 'a b&c' })
    expect(read('status=&nothing=1')).toEqual({})
  })
  it('are asked for in the types of the contract', () => {
    expect(queryOf({ createdBy: '7', needsMe: 'true', q: 'x' })).toEqual({
      createdBy: 7,
      needsMe: true,
      q: 'x',
    })
    expect(queryOf({ createdBy: 'me', needsMe: 'no' })).toEqual({})
  })
})

it('a word is put in and taken out', () => {
  expect(toggled(undefined, 'failed')).toBe('failed')
  expect(toggled('failed', 'queued')).toBe('failed,queued')
  expect(toggled('failed,queued', 'failed')).toBe('queued')
  expect(toggled('failed', 'failed')).toBeUndefined()
})

it('offers each label of the machines once, and whatever the URL asks for', () => {
  const machines: Parameters<typeof labelsOf>[0] = [
    { labels: { gpu: 'true' }, adminLabels: { zone: 'eu' } },
    { labels: { gpu: 'true' }, adminLabels: {} },
  ]
  const offered = labelsOf(machines, { machineSelector: 'disk=ssd,gpu=true' })
  expect(offered.map(({ value }) => value)).toEqual(['disk=ssd,gpu=true', 'gpu=true', 'zone=eu'])
})
