import { expect, it } from 'vitest'
import { forgetActs, lastAsCurl, told } from './acts'

const act = () =>
  new Request('https://m/api/web/x', { method: 'POST', body: '{"password":"canary"}' })

it('what was done is kept as a line without its secrets, until somebody else is signed in', async () => {
  await told(act())
  expect(lastAsCurl()).toContain('https://m/api/web/x')
  expect(lastAsCurl()).not.toContain('canary')
  forgetActs()
  expect(lastAsCurl()).toBe(null)
})
