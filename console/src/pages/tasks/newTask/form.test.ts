import { describe, expect, it } from 'vitest'
import type { Schemas } from '../../../api/client'
import { draftOf, EMPTY, firstProject, formOf, isWorthSaving, priorityOf, taskOf } from './form'

const draft = {
  id: 1,
  projectKey: 'shop',
  description: 'Speed up',
  agentType: 'codex',
  agentOptions: { model: 'big', permissions: 'run' },
  machineId: null,
  machineSelector: 'gpu=',
  priority: -5,
  budget: { minutes: 5 },
} as unknown as Schemas['Draft']

describe('a draft', () => {
  it('comes back as it was kept, with what the form has no field for', () => {
    const { id, ...kept } = draft
    expect(draftOf(formOf(draft))).toEqual(kept)
  })
  it('is worth keeping once something is written', () => {
    expect(isWorthSaving({ ...EMPTY, projectKey: 'shop', priority: '5' })).toBe(false)
    expect(isWorthSaving({ ...EMPTY, description: ' x' })).toBe(true)
  })
})

describe('a task', () => {
  it('names nothing that was not chosen', () => {
    expect(taskOf({ ...EMPTY, projectKey: 'shop', description: ' Do it \n' })).toEqual({
      projectKey: 'shop',
      description: 'Do it',
      agentType: null,
      agentOptions: null,
      machineId: null,
      machineSelector: null,
      priority: 0,
      budget: null,
    })
  })
  it('goes to a machine or by labels, never both', () => {
    const form = { ...EMPTY, labels: 'gpu=true' }
    expect(taskOf({ ...form, where: 'some-id' })).toMatchObject({
      machineId: 'some-id',
      machineSelector: null,
    })
    expect(taskOf({ ...form, where: 'labels' })).toMatchObject({
      machineId: null,
      machineSelector: 'gpu=true',
    })
  })
  it('takes the model out of what a draft had when the field is emptied', () => {
    const form = { ...formOf(draft), model: '' }
    expect(taskOf(form).agentOptions).toEqual({ model: null, permissions: 'run' })
  })
})

it.each([
  ['', 0],
  ['−5', -5],
  ['1000', 1000],
  ['1001', null],
  ['1e3', null],
  ['x', null],
])('%j is the priority %j', (priority, number) => {
  expect(priorityOf({ ...EMPTY, priority })).toBe(number)
})

it('the project is the last one, or the only one', () => {
  expect(firstProject(['a', 'b'], 'b')).toBe('b')
  expect(firstProject(['a', 'b'], 'gone')).toBe('')
  expect(firstProject(['a'], null)).toBe('a')
  expect(firstProject([], null)).toBe('')
})
