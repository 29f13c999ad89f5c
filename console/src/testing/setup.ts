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

  const { cleanup } = await import('@testing-library/react')
  beforeAll(loadStrings)
  afterEach(() => {
    cleanup()
    localStorage.clear()
    vi.unstubAllGlobals()
  })
}
