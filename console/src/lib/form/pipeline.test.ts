import { describe, expect, it } from 'vitest'
import {
  formatPipeline,
  gateOf,
  moveItem,
  normalizeStages,
  parsePipeline,
  pipelineErrors,
  type Stage,
  setStageField,
  stageErrors,
  uniqueStageName,
  withGate,
  withKind,
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
    const answerers = { who: 'maintainers' as const }
    const asked = { ...stage, confirm: true, prompt: 'Go on?', gateTimeout: 60, answerers }
    expect(withGate(asked, 'input')).toEqual({
      ...stage,
      input: true,
      prompt: 'Go on?',
      gateTimeout: 60,
      answerers,
    })
    expect(withGate(asked, 'choices').choices).toEqual(['', ''])
    expect(withGate(asked, 'none')).toEqual(stage)
  })
  it('leaves out what is empty', () => {
    expect(setStageField({ ...stage, timeout: 60 }, 'timeout', undefined)).toEqual(stage)
    expect(setStageField(stage, 'prompt', '')).toEqual(stage)
    expect(setStageField(stage, 'timeout', 60)).toEqual({ ...stage, timeout: 60 })
  })
  it('gives a new stage a name of its own', () => {
    expect(uniqueStageName([stage], 'test')).toBe('test')
    expect(uniqueStageName([stage, { ...stage, name: 'develop 2' }], 'develop')).toBe('develop 3')
  })
  it('moves a stage, and not out of the list', () => {
    expect(moveItem(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moveItem(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
    expect(moveItem(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
    expect(moveItem(['a', 'b'], 1, 2)).toEqual(['a', 'b'])
  })
  it('has no empty lines in its lists once it is saved', () => {
    const typed: Stage = {
      ...stage,
      choices: ['minor', ' major ', ''],
      network: { allow: ['@agent', ''] },
      agentOptions: { model: 'x', allowedTools: ['Bash', ''] },
    }
    expect(normalizeStages([typed, { ...stage, network: 'none' }])).toEqual([
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
    expect(parsePipeline(formatPipeline([stage]))).toEqual({ stages: [stage] })
  })
  it('says where the JSON breaks off', () => {
    expect(parsePipeline('[\n  {"name": "a",}\n]')).toMatchObject({ line: 2 })
    expect(parsePipeline('{}')).toEqual({ line: 1, column: 1 })
    expect(parsePipeline('[1]')).toEqual({ line: 1, column: 1 })
  })
  it('finds the faults of a stage, of a field, and of neither', () => {
    const errors = {
      'pipeline.0': ['{x} is not a variable'],
      'pipeline.0.choices.1': ['too long'],
      'pipeline.10.name': ['missing'],
      pipeline: ['a pipeline has 1 to 20 stages'],
    }
    expect(stageErrors(errors, 0)).toBe('{x} is not a variable')
    expect(stageErrors(errors, 0, 'choices')).toBe('too long')
    expect(stageErrors(errors, 1)).toBeUndefined()
    expect(stageErrors(errors, 10, 'name')).toBe('missing')
    expect(pipelineErrors(errors)).toEqual(['a pipeline has 1 to 20 stages'])
  })
})

it('a stage that becomes a shell stage starts with an empty script, and back with the prompt', () => {
  const stage = { name: 'develop', command: 'Fix {description}', timeout: 60 }
  const shell = withKind(stage, 'shell')
  expect(shell).toEqual({ name: 'develop', kind: 'shell', command: '', timeout: 60 })
  expect(withKind({ ...shell, command: 'make' }, 'agent')).toEqual({
    ...stage,
    kind: 'agent',
    command: '{description}',
  })
})
