import { expect, it } from 'vitest'
import { answeredBy } from './answeredBy'

it('is who the event names, with the whole of what they said', () => {
  const message = 'answered by bo: keep both, and say…'
  const event = { type: 'confirmed', message, data: { result: 'keep both, and say so', by: 7 } }
  expect(answeredBy(event as never)).toEqual({ who: 'bo', said: 'keep both, and say so', id: 7 })
})

it('is nobody where the event tells of something else', () => {
  expect(answeredBy({ type: 'resumed', message: 'goes on', data: {} } as never)).toBeNull()
})
