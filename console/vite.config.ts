import react from '@vitejs/plugin-react'
import type { HtmlTagDescriptor, IndexHtmlTransformContext } from 'vite'
import { defineConfig } from 'vite'

// `npm run dev` passes what is not the console's own on to a running stack.
const stack = process.env.MUSTER_URL ?? `http://127.0.0.1:${process.env.MUSTER_PORT ?? 9000}`
const passedOn = Object.fromEntries(
  ['/api', '/ws', '/healthz', '/readyz', '/.well-known'].map((path) => [
    path,
    { target: stack, ws: true },
  ]),
)

const MAIN = /src\/main\.tsx$/
const HOME = /InboxPage\.tsx$/
// Base UI is large, and neither the inbox nor the login opens a popup by itself.
const POPUPS = /console\/src\/components\/(controls\/Menu|dialogs\/(Form)?Dialog)\.tsx$/
const SHARED = /console\/src\/(api|lib|queries|components(?!\/controls|\/dialogs)|state)\//
// What the entry's import() would only find when it runs.
const AT_ONCE = /\/(rolldown-runtime|libraries|frame|home|InboxPage|main)-[^/]+\.(js|css)$/

/** The files of the first page, in the HTML of the build: the browser asks for all of them together. */
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

/** Whether a module is needed as soon as `page` is: no import() lies between. */
function isOf(page: RegExp, id: string, modules: Modules, seen = new Set<string>()): boolean {
  if (page.test(id)) return true
  seen.add(id)
  const others = modules.getModuleInfo(id)?.importers.filter((one) => !seen.has(one)) ?? []
  return others.some((one) => isOf(page, one, modules, seen))
}

export default defineConfig({
  plugins: [react(), { name: 'muster-preloads', transformIndexHtml: { order: 'post', handler } }],
  // The server puts the answer's own nonce in its place.
  html: { cspNonce: '__NONCE__' },
  build: {
    target: 'es2023',
    manifest: true,
    // The policy allows no data: URL as a script or a style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    // A file costs a request and its headers. The first page is few of them: libraries, which seldom
    // change, the frame, and the home with what other pages share with it.
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
  // A worker loads its parts as it needs them.
  worker: { format: 'es' },
  server: { proxy: passedOn },
})
