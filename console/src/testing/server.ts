/** A server that answers what a test says, and keeps what it was asked. */
import { vi } from 'vitest'

type Answer = Response | Promise<Response>
type Asked = { route: string; body: unknown }

/** `answers`: by method and path, "POST /api/web/tasks/1/cancel"; anything else is a 404. */
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

/** An answer that comes when the test wants it. */
export function pending(): { answer: Promise<Response>; resolve: (response: Response) => void } {
  let resolve: (response: Response) => void = () => {}
  const answer = new Promise<Response>((done) => {
    resolve = done
  })
  return { answer, resolve }
}
