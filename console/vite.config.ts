import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// `npm run dev` passes what is not the console's own on to a running stack.
const stack = process.env.MUSTER_URL ?? `http://127.0.0.1:${process.env.MUSTER_PORT ?? 9000}`
const passedOn = Object.fromEntries(
  ['/api', '/ws', '/healthz', '/readyz', '/.well-known'].map((path) => [
    path,
    { target: stack, ws: true },
  ]),
)

export default defineConfig({
  plugins: [react()],
  // The server puts the answer's own nonce in its place.
  html: { cspNonce: '__NONCE__' },
  build: {
    target: 'es2023',
    manifest: true,
    // The policy allows no data: URL as a script or a style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
  // A worker loads its parts as it needs them.
  worker: { format: 'es' },
  server: { proxy: passedOn },
  test: { environment: 'node', include: ['src/**/*.test.{ts,tsx}'] },
})
