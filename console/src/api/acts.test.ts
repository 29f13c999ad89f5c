import { expect, it } from 'vitest'
import { forgetActs, lastAsCurl, showNext, told } from './acts'

const act = () =>
  new Request('https://m/api/web/x', { method: 'POST', body: '{"password":"canary"}' })

it('what was done is kept as a line without its secrets, until somebody else is signed in', async () => {
  await told(act())
  expect(lastAsCurl()).toContain('https://m/api/web/x')
  expect(lastAsCurl()).not.toContain('canary')
  forgetActs()
  expect(lastAsCurl()).toBe(null)
})

it.each([
  '/profile/drafts',
  '/profile/drafts/7',
  '/tasks/7/pty-token',
  '/notifications/7/read',
  '/projects/A/pipeline/dry-run',
  '/machines/7/drain?dryRun=true',
])(
  'the next act is shown and not done, whatever the page does by itself before: %s',
  async (path) => {
    showNext()
    expect(await told(new Request(`https://m/api/web${path}`, { method: 'POST' }))).toBe(null)
    expect(await told(act())).toContain('curl -X POST')
  },
)
