/* "Try it" on the API's page. Text from the server is only ever set as text. */
const MAX_CHARACTERS = 100_000
const MAX_SECONDS = 10 // also ends streams, which don't end themselves

/** Returns an access token of the console's login in this browser, or null. The lock is the
 *  console's: two refreshes at once would end the login. */
async function sessionToken() {
  if (!navigator.locks) return null
  const answer = await navigator.locks.request('muster-session', () =>
    fetch('/api/auth/browser/refresh', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    }),
  )
  return answer.ok ? (await answer.json()).accessToken : null
}

let session = null
let sessionEndsAt = 0

async function credential() {
  const pasted = document.getElementById('token').value.trim()
  if (pasted) return pasted
  if (Date.now() > sessionEndsAt) {
    session = await sessionToken()
    sessionEndsAt = session ? Date.now() + 5 * 60_000 : 0
  }
  return session
}

/** Returns the URL with the form's parameters. */
function address(form) {
  const query = new URLSearchParams()
  let path = form.dataset.path
  for (const input of form.querySelectorAll('input[data-in]')) {
    const value = input.value.trim()
    if (input.dataset.in === 'path') path = path.replace(`{${input.name}}`, encodeURIComponent(value))
    else if (value) query.append(input.name, value)
  }
  return query.size ? `${path}?${query}` : path
}

/** Returns the response's text, or as much of it as arrives in time. */
async function readText(response) {
  if (!response.body) return ''
  const reader = response.body.getReader()
  const timer = setTimeout(() => reader.cancel(), MAX_SECONDS * 1000)
  const decoder = new TextDecoder()
  let text = ''
  while (text.length < MAX_CHARACTERS) {
    const { done, value } = await reader.read()
    if (done) break
    text += decoder.decode(value, { stream: true })
  }
  clearTimeout(timer)
  await reader.cancel()
  return text.length < MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

async function send(form) {
  const { method, path } = form.dataset
  const url = address(form)
  const headers = {}
  if ('secured' in form.dataset) {
    const token = await credential()
    if (!token) return 'Sign in to the console in this browser, or enter a token at the top of this page.'
    headers.Authorization = `Bearer ${token}`
  }
  const file = form.querySelector('input[type=file]')?.files[0]
  const body = file ?? (form.querySelector('textarea')?.value.trim() || undefined)
  if (body) headers['Content-Type'] = file ? file.type : 'application/json'
  if (method === 'DELETE' && !window.confirm(`Send DELETE ${url}?`)) return 'Not sent.'
  // These can end or replace the login.
  if (path.startsWith('/api/auth/')) sessionEndsAt = 0
  const response = await fetch(url, { method, headers, body })
  const text = await readText(response)
  return `${response.status} ${response.statusText}\n${pretty(text)}`
}

document.addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = event.target
  const output = form.querySelector('output')
  const button = form.querySelector('button')
  button.disabled = true
  output.hidden = false
  output.textContent = 'Sending…'
  try {
    output.textContent = await send(form)
  } catch (error) {
    output.textContent = `The request failed: ${error.message}`
  }
  button.disabled = false
})

for (const element of document.querySelectorAll('.try')) element.hidden = false
