import { expect, it } from 'vitest'
import { defaultRestartStage, restartableStages } from './restartStages'

const checkpoint = (stageIndex: number) => ({ type: 'checkpoint', stageIndex }) as const

it.each([
  ['nothing was done', [], [0]],
  ['the first stage has left its work', [checkpoint(0)], [0, 1]],
  ['two have', [checkpoint(0), checkpoint(1)], [0, 1, 2]],
  ['all have', [checkpoint(0), checkpoint(1), checkpoint(2)], [0, 1, 2]],
  ['another thing happened', [{ type: 'stage_started', stageIndex: 0 } as const], [0]],
])('where %s', (_, events, stages) => {
  expect(restartableStages(3, events)).toEqual(stages)
})

it('is likeliest begun from where it failed', () => {
  expect([
    defaultRestartStage([0, 1], 1),
    defaultRestartStage([0], 1),
    defaultRestartStage([0, 1], null),
  ]).toEqual([1, 0, 0])
})
