/** Highlights code in a web worker. Answers each request with several messages. */
import { createHighlighterCore, type GrammarState, type HighlighterCore } from 'shiki/core'
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript'
import type { Tone, Tones } from '../model/segments'
import { grammars } from './grammars'
import type { ColorRequest, ColorResponse } from './syntaxColors'

const STEP_LINES = 400
const MAX_LINE_LENGTH = 1000
const TOKENIZE_TIMEOUT_MILLISECONDS = 5000

// The theme gives each kind of token a placeholder color, which stands for its class.
const tones: Record<string, Tone> = {
  '#000001': 'k',
  '#000002': 't',
  '#000003': 'm',
  '#000004': 'f',
  '#000005': 'x',
}
const rule = (foreground: string, ...scope: string[]) => ({ scope, settings: { foreground } })
const theme = {
  name: 'tones',
  type: 'light' as const,
  settings: [
    { settings: { foreground: '#000000', background: '#ffffff' } },
    rule('#000001', 'keyword', 'storage', 'constant.language', 'variable.language'),
    rule('#000000', 'keyword.operator', 'storage.type.function.arrow'),
    rule(
      '#000001',
      'keyword.operator.expression',
      'keyword.operator.new',
      'keyword.operator.logical.python',
    ),
    rule('#000002', 'string', 'constant.character', 'markup.inline.raw', 'markup.fenced_code'),
    rule('#000000', 'meta.template.expression', 'punctuation.section.embedded'),
    rule('#000003', 'constant.numeric'),
    rule('#000004', 'entity.name', 'support.type.property-name', 'markup.heading'),
    rule('#000005', 'comment', 'punctuation.definition.comment', 'string.quoted.docstring'),
  ],
}

let highlighter: Promise<HighlighterCore> | undefined
const loaded = new Map<string, Promise<void>>()

self.onmessage = async ({ data }: MessageEvent<ColorRequest>) => {
  try {
    const shiki = await loadHighlighter(data.language)
    for (const [part, lines] of data.parts.entries()) colorPart(shiki, data, part, lines)
  } catch {
    // Without highlighting, the code is still readable.
  }
}

function colorPart(
  shiki: HighlighterCore,
  asked: ColorRequest,
  part: number,
  lines: string[],
): void {
  let grammarState: GrammarState | undefined
  for (let from = 0; from < lines.length; from += STEP_LINES) {
    const some = lines.slice(from, from + STEP_LINES).map((line) => line.slice(0, MAX_LINE_LENGTH))
    const tokens = shiki.codeToTokensBase(some.join('\n'), {
      lang: asked.language,
      theme: 'tones',
      // Includes the first line's wait for its grammar; a line that takes longer stays without
      // color.
      tokenizeTimeLimit: TOKENIZE_TIMEOUT_MILLISECONDS,
      ...(grammarState && { grammarState }),
    })
    grammarState = shiki.getLastGrammarState(tokens)
    const found: Tones[] = tokens.map((line) =>
      line.map((token) => [token.content.length, tones[token.color?.toLowerCase() ?? ''] ?? '']),
    )
    self.postMessage({ id: asked.id, part, from, tones: found } satisfies ColorResponse)
  }
}

async function loadHighlighter(language: string): Promise<HighlighterCore> {
  highlighter ??= createHighlighterCore({
    themes: [theme],
    langs: [],
    // The content security policy allows neither WebAssembly nor eval.
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  })
  const shiki = await highlighter
  const grammar = grammars[language]
  if (!grammar) throw new Error(language)
  const known =
    loaded.get(language) ?? grammar().then((found) => shiki.loadLanguage(...found.default))
  loaded.set(language, known)
  await known
  return shiki
}
