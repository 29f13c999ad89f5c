import { expect, it } from 'vitest'
import { earlierRounds } from './rounds'
import type { TimelineEvent } from './timeline'

const pipeline = [{ name: 'build' }, { name: 'ship' }]

/** Returns events, one a minute: `type` or `type stage`. */
function makeEvents(...types: string[]): TimelineEvent[] {
  return types.map((text, minute) => {
    const [type, stage] = text.split(' ')
    const createdAt = new Date(minute * 60_000).toISOString()
    return { type, stageIndex: stage ? Number(stage) : null, data: {}, createdAt } as TimelineEvent
  })
}

it('the first round has none before it', () => {
  expect(earlierRounds(pipeline, makeEvents('created', 'stage_started 0'), 1)).toEqual([])
})

it('each earlier round has the stages that ran in it, their times and its end, newest first', () => {
  const events = makeEvents(
    ...['created', 'stage_started 0', 'stage_finished 0', 'stage_started 1', 'failed 1'],
    ...['retried 1', 'stage_started 1', 'stage_finished 1', 'completed 1'],
    ...['followed_up 0', 'stage_started 0'],
  )
  expect(earlierRounds(pipeline, events, 3)).toEqual([
    { round: 2, stages: [{ name: 'ship', worked: 60_000 }], end: 'completed' },
    {
      round: 1,
      stages: [
        { name: 'build', worked: 60_000 },
        { name: 'ship', worked: 60_000 },
      ],
      end: 'failed',
    },
  ])
})

it('a round that ran nothing has no stages; one that was replaced says so', () => {
  const events = makeEvents('created', 'cancelled', 'retried 0', 'stage_started 0', 'followed_up 0')
  expect(earlierRounds(pipeline, events, 3)).toEqual([
    { round: 2, stages: [{ name: 'build', worked: 0 }], end: 'replaced' },
    { round: 1, stages: [], end: 'cancelled' },
  ])
})
