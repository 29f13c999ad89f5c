import { expect, test } from 'vitest'
import { reauthenticate, setReauthenticationPrompt } from './reauthentication'

test('acts that want a confirmation together ask once', async () => {
  let questions = 0
  let answer: (isConfirmed: boolean) => void = () => undefined
  setReauthenticationPrompt(() => {
    questions += 1
    return new Promise((settle) => {
      answer = settle
    })
  })
  const both = Promise.all([reauthenticate(), reauthenticate()])
  answer(true)
  expect(await both).toEqual([true, true])
  expect(questions).toBe(1)
})

test('the next act asks anew', async () => {
  const answers = [false, true]
  setReauthenticationPrompt(() => Promise.resolve(answers.shift() ?? false))
  expect(await reauthenticate()).toBe(false)
  expect(await reauthenticate()).toBe(true)
})

test('where nobody draws the question nothing is confirmed', async () => {
  setReauthenticationPrompt(() => Promise.resolve(false))
  expect(await reauthenticate()).toBe(false)
})
