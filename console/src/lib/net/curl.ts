/** A request as a line for a shell. */
export type CurlRequest = { method: string; url: string; body?: unknown }

/** What a line may not have in it: it would stay in the shell's history. */
const SECRETS = new Set([
  'password',
  'newPassword',
  'currentPassword',
  'totpCode',
  'code',
  'secret',
  'secrets',
  'appSecret',
  'webhookToken',
  'encryptKey',
  'clientSecret',
  'gitToken',
  'sshKey',
  'value',
])

/** Of the one whose token `$MUSTER_TOKEN` is; secrets are left out of the body. */
export function curlCommand({ method, url, body }: CurlRequest): string {
  const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), shellQuote(url)]
  parts.push('-H', '"Authorization: Bearer $MUSTER_TOKEN"')
  if (body !== undefined && body !== null) {
    parts.push('-H', shellQuote('Content-Type: application/json'))
    parts.push('-d', shellQuote(JSON.stringify(withoutSecrets(body))))
  }
  return parts.join(' ')
}

function withoutSecrets(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(withoutSecrets)
  if (typeof body !== 'object' || body === null) return body
  const shown = Object.entries(body).map(([name, value]) =>
    SECRETS.has(name) ? [name, redact(value)] : [name, withoutSecrets(value)],
  )
  return Object.fromEntries(shown)
}

/** Which secrets are meant, and no more: `null`, which removes one, is none. */
function redact(value: unknown): unknown {
  if (typeof value === 'string') return '…'
  if (Array.isArray(value)) return value.map(redact)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, redact(one)]))
}

/** One word of a POSIX shell, whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
