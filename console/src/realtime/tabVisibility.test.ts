import { afterEach, beforeEach, expect, it, vi } from 'vitest'

/** The locks that the browser has granted, of all tabs. */
let heldLocks: { name: string }[] = []

/** Simulates a tab: the module with a document of its own. */
async function tab(visibilityState: 'visible' | 'hidden') {
  vi.resetModules()
  const page = Object.assign(new EventTarget(), { visibilityState: visibilityState as string })
  const inFront = await import('./tabVisibility')
  const within = <T>(act: () => T) => {
    vi.stubGlobal('document', page)
    return act()
  }
  within(inFront.trackVisibility)
  const setVisibility = (state: 'visible' | 'hidden') =>
    within(() => {
      page.visibilityState = state
      page.dispatchEvent(new Event('visibilitychange'))
    })
  return { become: setVisibility, isAnyInFront: () => within(inFront.isAnyTabVisible) }
}

beforeEach(() => {
  heldLocks = []
  const request = async (name: string, options: LockOptions, act: () => Promise<void>) => {
    expect(options.mode).toBe('shared')
    const lock = { name }
    heldLocks.push(lock)
    await act()
    heldLocks = heldLocks.filter((one) => one !== lock)
  }
  const query = () => Promise.resolve({ held: heldLocks })
  vi.stubGlobal('navigator', { locks: { request, query } })
})

afterEach(() => vi.unstubAllGlobals())

it('is told of a tab that is seen to those that are hidden', async () => {
  const seen = await tab('visible')
  const hidden = await tab('hidden')
  expect(await hidden.isAnyInFront()).toBe(true)
  seen.become('hidden')
  await expect.poll(hidden.isAnyInFront).toBe(false)
})

it('comes and goes with what is seen, of several tabs too', async () => {
  const [one, other] = [await tab('hidden'), await tab('hidden')]
  await expect.poll(one.isAnyInFront).toBe(false)
  one.become('visible')
  one.become('visible')
  other.become('visible')
  one.become('hidden')
  expect(await one.isAnyInFront()).toBe(true)
  other.become('hidden')
  await expect.poll(one.isAnyInFront).toBe(false)
})
