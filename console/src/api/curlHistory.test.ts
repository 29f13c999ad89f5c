import { expect, it } from 'vitest'
import { captureNextRequest, clearCurlHistory, lastCurlCommand, recordRequest } from './curlHistory'

const act = () =>
  new Request('https://m/api/web/x', { method: 'POST', body: '{"password":"canary"}' })

it('what was done is kept as a line without its secrets, until somebody else is signed in', async () => {
  await recordRequest(act())
  expect(lastCurlCommand()).toContain('https://m/api/web/x')
  expect(lastCurlCommand()).not.toContain('canary')
  clearCurlHistory()
  expect(lastCurlCommand()).toBe(null)
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
    captureNextRequest()
    expect(await recordRequest(new Request(`https://m/api/web${path}`, { method: 'POST' }))).toBe(
      null,
    )
    expect(await recordRequest(act())).toContain('curl -X POST')
  },
)
