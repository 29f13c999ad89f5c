/** A request to be written as a shell command. */
export type CurlRequest = { method: string; url: string; body?: unknown }

/** Fields left out of commands, which would stay in the shell's history. */
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

/** Builds a curl command that reads the token from `$MUSTER_TOKEN`; masks secrets in the body. */
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
  const masked = Object.entries(body).map(([name, value]) =>
    SECRETS.has(name) ? [name, redact(value)] : [name, withoutSecrets(value)],
  )
  return Object.fromEntries(masked)
}

/** Masks values, but keeps the names of secrets, and `null`, which removes one. */
function redact(value: unknown): unknown {
  if (typeof value === 'string') return '…'
  if (Array.isArray(value)) return value.map(redact)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, redact(one)]))
}

/** Quotes a text as one word for a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
