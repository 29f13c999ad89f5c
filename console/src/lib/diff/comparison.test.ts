import { describe, expect, it } from 'vitest'
import {
  comparisonFor,
  type DiffQuery,
  diffQueryFor,
  parseDiffQuery,
  roundsOf,
  stageDiffs,
  stagesOf,
} from './comparison'

const checkpoint = (attempt: number, stageIndex: number, data: object = { diff: {} }) => ({
  type: 'checkpoint' as const,
  attempt,
  stageIndex,
  data: { commit: `c${attempt}${stageIndex}`, ...data },
})
const diffs = stageDiffs([
  checkpoint(1, 0),
  checkpoint(1, 1),
  checkpoint(1, 1),
  { type: 'retried', attempt: 1, stageIndex: null, data: {} },
  checkpoint(2, 1),
  { type: 'followed_up', attempt: 2, stageIndex: null, data: { round: 3 } },
  checkpoint(3, 0),
  checkpoint(3, 1, { diff: null }),
])

it('what was told of is known by round, attempt and stage, each once', () => {
  expect(diffs.map(({ round, attempt, stage }) => [round, attempt, stage])).toEqual([
    [1, 1, 0],
    [1, 1, 1],
    [2, 2, 1],
    [3, 3, 0],
  ])
  expect(roundsOf(diffs)).toEqual([1, 2, 3])
  expect(stagesOf(diffs, 1).map((one) => one.stage)).toEqual([0, 1])
})

it('the URL may say anything', () => {
  expect(parseDiffQuery({ round: '2', stage: '0', attempt: 'x', other: 'y' })).toEqual({
    round: 2,
    stage: 0,
  })
  expect(parseDiffQuery({ round: '-1', stage: '9999999' })).toEqual({})
})

describe('a choice survives the URL', () => {
  it.each<[string, DiffQuery]>([
    ['the latest from the base', {}],
    ['an earlier round from the base', { attempt: 1 }],
    ['a round since the one before', { round: 3 }],
    ['a stage alone', { round: 1, stage: 0 }],
  ])('%s', (_, which) => {
    expect(diffQueryFor(comparisonFor(which, diffs), diffs)).toEqual(which)
  })
  it('and a first round has none before it', () => {
    expect(comparisonFor({ round: 1 }, diffs).since).toBe('base')
  })
})
