/** A fake server that returns a test's responses, and records the requests. */
import { vi } from 'vitest'

type Answer = Response | Promise<Response>
type Asked = { route: string; body: unknown }

/** Stubs `fetch`. `answers`: by method and path, "POST /api/web/tasks/1/cancel"; others are a
 *  404. */
export function serve(answers: Record<string, () => Answer>): Asked[] {
  const asked: Asked[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    const route = `${request.method} ${new URL(request.url).pathname}`
    asked.push({ route, body: await request.json().catch(() => null) })
    return answers[route]?.() ?? problem(404, 'not_found')
  })
  return asked
}

export function problem(status: number, code: string, more: object = {}): Response {
  return Response.json({ status, code, title: code, detail: code, ...more }, { status })
}

/** Returns a response that the test resolves later. */
export function pending(): { answer: Promise<Response>; resolve: (response: Response) => void } {
  let resolve: (response: Response) => void = () => {}
  const answer = new Promise<Response>((done) => {
    resolve = done
  })
  return { answer, resolve }
}
