import { expect, test } from 'vitest'
import { askBy, confirmed } from './confirm'

test('acts that want a confirmation together ask once', async () => {
  let questions = 0
  let answer: (isConfirmed: boolean) => void = () => undefined
  askBy(() => {
    questions += 1
    return new Promise((settle) => {
      answer = settle
    })
  })
  const both = Promise.all([confirmed(), confirmed()])
  answer(true)
  expect(await both).toEqual([true, true])
  expect(questions).toBe(1)
})

test('the next act asks anew', async () => {
  const answers = [false, true]
  askBy(() => Promise.resolve(answers.shift() ?? false))
  expect(await confirmed()).toBe(false)
  expect(await confirmed()).toBe(true)
})

test('where nobody draws the question nothing is confirmed', async () => {
  askBy(() => Promise.resolve(false))
  expect(await confirmed()).toBe(false)
})
