import react from '@vitejs/plugin-react'
import type { HtmlTagDescriptor, IndexHtmlTransformContext } from 'vite'
import { defineConfig } from 'vite'

// `npm run dev` proxies everything but the console to a running stack.
const stack = process.env.MUSTER_URL ?? `http://127.0.0.1:${process.env.MUSTER_PORT ?? 9000}`
const passedOn = Object.fromEntries(
  ['/api', '/ws', '/healthz', '/readyz', '/.well-known'].map((path) => [
    path,
    { target: stack, ws: true },
  ]),
)

const MAIN = /src\/main\.tsx$/
const HOME = /InboxPage\.tsx$/
// Base UI is large, and neither the inbox nor the login opens a popup on its own.
const POPUPS = /console\/src\/components\/(controls\/Menu|dialogs\/(Form)?Dialog)\.tsx$/
const SHARED = /console\/src\/(api|lib|queries|components(?!\/controls|\/dialogs)|state)\//
// Chunks that the entry's import() would only discover when it runs.
const AT_ONCE = /\/(rolldown-runtime|libraries|frame|home|InboxPage|main)-[^/]+\.(js|css)$/

/** Adds the first page's files to the built HTML, so that the browser requests all of them at
 *  once. */
function handler(_: string, { bundle }: IndexHtmlTransformContext): HtmlTagDescriptor[] {
  const files = Object.keys(bundle ?? {}).filter((name) => AT_ONCE.test(`/${name}`))
  return files.map((name) => ({
    tag: 'link',
    attrs: {
      rel: name.endsWith('.css') ? 'stylesheet' : 'modulepreload',
      crossorigin: true,
      href: `/${name}`,
    },
    injectTo: 'head',
  }))
}

type Modules = { getModuleInfo: (id: string) => { importers: string[] } | null }

/** Whether `page` imports a module statically, directly or indirectly: without an import() in
 *  between. */
function isOf(page: RegExp, id: string, modules: Modules, seen = new Set<string>()): boolean {
  if (page.test(id)) return true
  seen.add(id)
  const others = modules.getModuleInfo(id)?.importers.filter((one) => !seen.has(one)) ?? []
  return others.some((one) => isOf(page, one, modules, seen))
}

export default defineConfig({
  plugins: [react(), { name: 'muster-preloads', transformIndexHtml: { order: 'post', handler } }],
  // The server replaces it with the response's own nonce.
  html: { cspNonce: '__NONCE__' },
  build: {
    target: 'es2023',
    manifest: true,
    // The policy allows no data: URLs for scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    // Each file costs a request and its headers, so the first page has few: libraries, which rarely
    // change; the frame; and the home page with what other pages share with it.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'boot', tags: ['$initial'] },
            {
              name: (id, all) => (isOf(MAIN, id, all) ? 'libraries' : null),
              test: /node_modules/,
              debugName: 'libraries',
            },
            { name: (id, all) => (isOf(MAIN, id, all) ? 'frame' : null), debugName: 'frame' },
            { name: (id, all) => (isOf(HOME, id, all) ? 'home' : null), debugName: 'home' },
            { name: 'shared', test: SHARED, minShareCount: 4 },
            { name: 'popups', test: POPUPS },
          ],
        },
      },
    },
  },
  // A worker loads its modules on demand.
  worker: { format: 'es' },
  server: { proxy: passedOn },
})
