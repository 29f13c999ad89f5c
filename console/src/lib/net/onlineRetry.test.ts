import { afterEach, expect, test, vi } from 'vitest'
import { loadWhenOnline } from './onlineRetry'

afterEach(() => vi.unstubAllGlobals())

function browser(onLine: boolean) {
  const events = new EventTarget()
  vi.stubGlobal('window', events)
  vi.stubGlobal('navigator', { onLine })
  return events
}

test('what cannot come without a line comes when there is one again', async () => {
  const events = browser(false)
  const load = vi.fn().mockRejectedValueOnce(new TypeError('no line')).mockResolvedValue('a piece')
  const piece = loadWhenOnline(load)
  await new Promise(setImmediate)
  expect(load).toHaveBeenCalledOnce()
  events.dispatchEvent(new Event('online'))
  expect(await piece).toBe('a piece')
})

test('what is not there is not waited for', async () => {
  browser(true)
  await expect(loadWhenOnline(() => Promise.reject(new TypeError('gone')))).rejects.toThrow('gone')
})
