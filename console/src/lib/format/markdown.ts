/** Markdown that agents and strangers have written, taken apart, as far as that is no burden. */
import { lexer, type Token } from 'marked'

/** Characters. Some texts take time by the square of their length. */
const MAX_LENGTH = 50_000
const MAX_DEPTH = 40

/** The text's blocks; null where it is to be shown as it is: it is too long, or nested so deep that
 *  taking it apart, or drawing it, would bring the page down. */
export function parseBlocks(text: string): Token[] | null {
  if (text.length > MAX_LENGTH) return null
  try {
    const tokens = lexer(text, { breaks: true })
    return isShallow(tokens) ? tokens : null
  } catch {
    return null
  }
}

/** By levels, not by calls of itself: these are what is limited. */
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
