import { describe, expect, it } from 'vitest'
import {
  changed,
  faultsOf,
  gateOf,
  moved,
  newName,
  otherFaults,
  read,
  type Stage,
  tidied,
  withGate,
  written,
} from './pipeline'

const stage: Stage = { name: 'develop', command: '{description}' }

describe('a pipeline as a form has it', () => {
  it('knows what is asked before a stage', () => {
    expect(gateOf(stage)).toBe('none')
    expect(gateOf({ ...stage, confirm: true })).toBe('confirm')
    expect(gateOf({ ...stage, choices: ['a', 'b'] })).toBe('choices')
    expect(gateOf({ ...stage, input: true })).toBe('input')
  })
  it('has one gate at most, and keeps its question', () => {
    const asked = { ...stage, confirm: true, prompt: 'Go on?', gateTimeout: 60 }
    expect(withGate(asked, 'input')).toEqual({
      ...stage,
      input: true,
      prompt: 'Go on?',
      gateTimeout: 60,
    })
    expect(withGate(asked, 'choices').choices).toEqual(['', ''])
    expect(withGate(asked, 'none')).toEqual(stage)
  })
  it('leaves out what is empty', () => {
    expect(changed({ ...stage, timeout: 60 }, 'timeout', undefined)).toEqual(stage)
    expect(changed(stage, 'prompt', '')).toEqual(stage)
    expect(changed(stage, 'timeout', 60)).toEqual({ ...stage, timeout: 60 })
  })
  it('gives a new stage a name of its own', () => {
    expect(newName([stage], 'test')).toBe('test')
    expect(newName([stage, { ...stage, name: 'develop 2' }], 'develop')).toBe('develop 3')
  })
  it('moves a stage, and not out of the list', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
    expect(moved(['a', 'b'], 1, 2)).toEqual(['a', 'b'])
  })
  it('has no empty lines in its lists once it is saved', () => {
    const typed: Stage = {
      ...stage,
      choices: ['minor', ' major ', ''],
      network: { allow: ['@agent', ''] },
      agentOptions: { model: 'x', allowedTools: ['Bash', ''] },
    }
    expect(tidied([typed, { ...stage, network: 'none' }])).toEqual([
      {
        ...stage,
        choices: ['minor', 'major'],
        network: { allow: ['@agent'] },
        agentOptions: { model: 'x', allowedTools: ['Bash'] },
      },
      { ...stage, network: 'none' },
    ])
  })
  it('is written as JSON and read again', () => {
    expect(read(written([stage]))).toEqual({ stages: [stage] })
  })
  it('says where the JSON breaks off', () => {
    expect(read('[\n  {"name": "a",}\n]')).toMatchObject({ line: 2 })
    expect(read('{}')).toEqual({ line: 1, column: 1 })
    expect(read('[1]')).toEqual({ line: 1, column: 1 })
  })
  it('finds the faults of a stage, of a field, and of neither', () => {
    const faults = {
      'pipeline.0': ['{x} is not a variable'],
      'pipeline.0.choices.1': ['too long'],
      'pipeline.10.name': ['missing'],
      pipeline: ['a pipeline has 1 to 20 stages'],
    }
    expect(faultsOf(faults, 0)).toBe('{x} is not a variable')
    expect(faultsOf(faults, 0, 'choices')).toBe('too long')
    expect(faultsOf(faults, 1)).toBeUndefined()
    expect(faultsOf(faults, 10, 'name')).toBe('missing')
    expect(otherFaults(faults)).toEqual(['a pipeline has 1 to 20 stages'])
  })
})
