import { describe, expect, it } from 'vitest'
import {
  agentsOf,
  applyUpdates,
  countByStatus,
  filterMachines,
  labelsOf,
  type Machine,
  machineState,
  machineStatus,
  slotsOf,
  sortByUrgency,
  type Task,
  versionOf,
} from './machines'

const NOON = Date.parse('2030-01-31T12:00:00Z')

const machine = (name: string, given: Partial<Machine> = {}): Machine => ({
  id: name,
  name,
  status: 'online',
  connected: true,
  capabilities: [{ agentType: 'claude', healthy: true }],
  slots: { total: 3, used: 0 },
  metrics: { cpuPercent: 1, memoryPercent: 1, diskPercent: 1, sampledAt: null },
  hardware: { cpuCount: 4, memoryBytes: 0, diskBytes: 0, os: '', arch: '', hostname: '' },
  drain: null,
  sandbox: { level: 'full', missing: [] },
  labels: {},
  adminLabels: {},
  version: '',
  pinned: false,
  upgrade: { state: 'current', offered: null, reason: '' },
  lastSeenAt: null,
  createdAt: '',
  uninstalledAt: null,
  ...given,
})

const task = (id: number, status: Task['status'], suspendReason: Task['suspendReason'] = null) =>
  ({ id, status, suspendReason, machineId: 'heron' }) as Task

const degradedMachine = machine('osprey', {
  capabilities: [{ agentType: 'gemini', healthy: false, reason: 'auth_failure' }],
})

describe('machines at a glance', () => {
  it('names only agents that are installed', () => {
    const capabilities = [
      { agentType: 'claude', healthy: true },
      { agentType: 'cursor', healthy: false, reason: 'binary_missing' },
      { agentType: 'custom', healthy: true },
    ]
    expect(agentsOf({ capabilities }).map(({ agentType }) => agentType)).toEqual(['claude'])
    expect(machineState(machine('a', { capabilities }), NOON)).toBe('online')
  })
  it('calls a machine unwell whose agent or disk is, and no other', () => {
    expect(machineState(degradedMachine, NOON)).toBe('unhealthy')
    const metrics = { ...degradedMachine.metrics, diskPercent: 95 }
    expect(machineState(machine('full', { metrics }), NOON)).toBe('unhealthy')
    expect(machineState({ ...degradedMachine, status: 'draining' }, NOON)).toBe('draining')
  })
  it('calls an agent unwell until the moment that its machine has said', () => {
    const degradedUntilTime = (degradedUntil: string) =>
      machine('a', { capabilities: [{ agentType: 'gemini', healthy: false, degradedUntil }] })
    expect(machineState(degradedUntilTime('2030-01-31T12:00:01Z'), NOON)).toBe('unhealthy')
    expect(machineState(degradedUntilTime('2030-01-31T12:00:00Z'), NOON)).toBe('online')
  })
  it('shows first what wants somebody', () => {
    const all = [
      machine('b'),
      machine('a'),
      machine('off', { status: 'offline' }),
      machine('dry', { status: 'drained' }),
      degradedMachine,
      machine('out', { status: 'draining' }),
    ]
    expect(sortByUrgency(all, NOON).map(({ name }) => name)).toEqual([
      'off',
      'osprey',
      'out',
      'dry',
      'a',
      'b',
    ])
    expect(countByStatus(all)).toEqual([
      ['online', 3],
      ['draining', 1],
      ['drained', 1],
      ['offline', 1],
    ])
  })
  it('tells what holds a slot from what only lies there', () => {
    const tasks = [
      task(5, 'suspended', 'gate'),
      task(4, 'suspended', 'question'),
      task(3, 'running'),
    ]
    const found = slotsOf(machine('heron', { slots: { total: 4, used: 3 } }), tasks)
    expect(found.occupied.map(({ id }) => id)).toEqual([3, 4])
    expect(found.retained.map(({ id }) => id)).toEqual([5])
    expect([found.hidden, found.free]).toEqual([1, 1])
    expect(slotsOf(machine('tern'), tasks)).toEqual({
      occupied: [],
      hidden: 0,
      free: 3,
      retained: [],
    })
  })
  it('finds the number in what an agent prints', () => {
    expect(versionOf('2.1.197 (Claude Code)')).toBe('2.1.197')
    expect(versionOf('codex-cli 0.169.0')).toBe('0.169.0')
    expect(versionOf('nightly')).toBe('nightly')
    expect(versionOf(null)).toBe('')
  })
  it('filters by all that is chosen', () => {
    const eu = machine('eu', { labels: { zone: 'eu', docker: '' } })
    expect(labelsOf(eu)).toEqual(['docker', 'zone=eu'])
    expect(filterMachines([eu, degradedMachine], { label: 'zone=eu' })).toEqual([eu])
    expect(filterMachines([eu, degradedMachine], { agent: 'gemini' })).toEqual([degradedMachine])
    expect(filterMachines([eu, degradedMachine], { agent: 'gemini', label: 'docker' })).toEqual([])
    expect(
      filterMachines([eu, degradedMachine], { sandbox: 'full', status: 'online' }),
    ).toHaveLength(2)
  })
  it('takes in what has changed, and what is new', () => {
    const known = [machine('a'), machine('b'), machine('c')]
    const news = [
      { id: 'a', status: 'offline' as const },
      { id: 'c', status: 'decommissioned' as const },
      machine('d'),
      { id: 'e', connected: false },
    ]
    const after = applyUpdates(known, news)
    expect(after.map(({ name, status }) => [name, status])).toEqual([
      ['a', 'offline'],
      ['b', 'online'],
      ['d', 'online'],
    ])
    expect(after[1]).toBe(known[1])
  })
})

it.each([
  ['offline', 'uninstalled'],
  ['draining', 'uninstalled'],
  ['decommissioned', 'decommissioned'],
] as const)('a machine that is %s, whose worker was uninstalled, is %s', (status, state) => {
  const uninstalledAt = '2030-01-31T12:00:00Z'
  expect(machineStatus({ status, uninstalledAt })).toBe(state)
  expect(machineStatus({ status, uninstalledAt: null })).toBe(status)
})
