import { expect, it } from 'vitest'
import { createKeyRepeatGuard } from './keyRepeatGuard'

const press = (key: string, timeStamp: number, repeat = false) => ({ key, timeStamp, repeat })

it('a number that is held, or pressed twice in a hurry, counts once', () => {
  const isHasty = createKeyRepeatGuard()
  expect(isHasty(press('1', 0))).toBe(false)
  expect(isHasty(press('1', 200))).toBe(true)
  expect(isHasty(press('1', 900, true))).toBe(true)
})

it('another number counts, and the same one after a while', () => {
  const isHasty = createKeyRepeatGuard()
  const results = [press('1', 0), press('2', 100), press('2', 700)].map(isHasty)
  expect(results).toEqual([false, false, false])
})

it('letters may be held: they move', () => {
  const isHasty = createKeyRepeatGuard()
  expect([press('j', 0), press('j', 30, true)].map(isHasty)).toEqual([false, false])
})
