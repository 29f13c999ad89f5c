/** Parses untrusted Markdown of agents and users, within limits. */
import { lexer, type Token } from 'marked'

/** In characters. Some texts take quadratic time. */
const MAX_LENGTH = 50_000
const MAX_DEPTH = 40

/** Parses a text into blocks. Null if it must be shown as plain text: it is too long, or nested so
 *  deeply that parsing or rendering it would crash the page. */
export function parseBlocks(text: string): Token[] | null {
  if (text.length > MAX_LENGTH) return null
  try {
    const tokens = lexer(text, { breaks: true })
    return isShallow(tokens) ? tokens : null
  } catch {
    return null
  }
}

/** Iterates by level instead of recursing, because the depth of calls is what must be limited. */
function isShallow(tokens: Token[]): boolean {
  let level: Token[] = tokens
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return false
    level = level.flatMap(childTokens)
  }
  return true
}

function childTokens(token: Token): Token[] {
  if (token.type === 'list') return token.items
  return ('tokens' in token && token.tokens) || []
}
