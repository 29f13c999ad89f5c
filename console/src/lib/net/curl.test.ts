import { describe, expect, it } from 'vitest'
import { curlCommand, shellQuote } from './curl'

describe('a request as curl', () => {
  it('has its method, its body and a place for the token', () => {
    const asked = { method: 'POST', url: 'https://m:9000/api/web/tasks', body: { projectKey: 'a' } }
    expect(curlCommand(asked)).toBe(
      `curl -X POST 'https://m:9000/api/web/tasks' -H "Authorization: Bearer $MUSTER_TOKEN" ` +
        `-H 'Content-Type: application/json' -d '{"projectKey":"a"}'`,
    )
  })
  it('that reads has neither', () => {
    expect(curlCommand({ method: 'GET', url: '/x' })).toBe(
      `curl '/x' -H "Authorization: Bearer $MUSTER_TOKEN"`,
    )
  })
  it('tells no password, wherever it stands', () => {
    const body = { password: 'hunter2', deep: [{ totpCode: '123456' }], key: 'k' }
    const line = curlCommand({ method: 'POST', url: '/x', body })
    expect(line).not.toMatch(/hunter2|123456/)
    expect(line).toContain('"key":"k"')
  })
  it.each([
    ["it's", "'it'\\''s'"],
    ['$(rm -rf /)', "'$(rm -rf /)'"],
    ['', "''"],
  ])('%s is one word of a shell', (text, word) => expect(shellQuote(text)).toBe(word))
})

it('every secret of a bot, a provider and a project is left out, also those with names of their own', () => {
  const secret = 'canary'
  const body = {
    ...{ appSecret: secret, webhookToken: secret, encryptKey: secret, clientSecret: secret },
    ...{ gitToken: secret, sshKey: secret, code: secret },
    secrets: { DEPLOY: secret, OLD: null },
  }
  const line = curlCommand({ method: 'PUT', url: '/x', body })
  expect(line).not.toContain(secret)
  expect(line).toContain('"secrets":{"DEPLOY":"…","OLD":null}')
})
