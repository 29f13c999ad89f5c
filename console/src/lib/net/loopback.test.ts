import { expect, test } from 'vitest'
import { hasLoopbackUrl } from './loopback'

test.each([
  ['curl -fsSL http://127.0.0.1:9000/install/worker.sh | sh -s -- mst_enroll_x', true],
  ["curl -fsSL 'https://127.8.9.1/install/worker.sh' | sh", true],
  ['http://[::1]:9000', true],
  ['http://[::ffff:127.0.0.1]:9000', true],
  ['http://localhost:9000', true],
  ['https://muster.localhost/', true],
  ['https://muster.example/install/worker.sh', false],
  ['https://localhost.example.org', false],
  ['http://10.127.0.1', false],
  ['http://128.0.0.1', false],
  ['curl: no address', false],
  ['http://[', false],
])('%s: %s', (text, isLoopback) => {
  expect(hasLoopbackUrl(text)).toBe(isLoopback)
})
