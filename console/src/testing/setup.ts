/** What components need but jsdom lacks, for tests with `@vitest-environment jsdom`. */
import { afterEach, beforeAll, vi } from 'vitest'
import { loadStrings } from '../i18n'

if (typeof document !== 'undefined') {
  // Node's own Request doesn't accept relative URLs.
  const { Request } = globalThis
  globalThis.Request = class extends Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === 'string' ? new URL(input, location.href) : input, init)
    }
  }
  globalThis.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
  globalThis.IntersectionObserver = class {
    observe() {}
    disconnect() {}
  } as never
  Element.prototype.scrollIntoView = () => {}
  window.scrollTo = () => {}

  const { cleanup, configure } = await import('@testing-library/react')
  // A second is too short on a busy machine.
  configure({ asyncUtilTimeout: 10_000 })
  beforeAll(loadStrings)
  afterEach(() => {
    cleanup()
    localStorage.clear()
    vi.unstubAllGlobals()
  })
}
