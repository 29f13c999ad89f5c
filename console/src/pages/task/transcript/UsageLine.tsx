import { locale, strings } from '../../../i18n'
import { revealInvisible } from '../../../lib/format/invisibleChars'
import { formatInteger, formatMoney } from '../../../lib/format/numbers'
import { numberIn, objectsIn, textIn } from '../../../lib/task/entryData'
import type { Entry } from '../../../lib/task/transcript'

type ModelUsage = {
  model: string | null
  inputTokens: number | null
  outputTokens: number | null
  cost: number | null
}

/** The usage of a run, in one line. */
export function UsageLine({ entry }: { entry: Entry }) {
  const usage = objectsIn(entry.data, 'usage').map(parseUsage)
  return <p className="dim">{usageText(usage, entry.data.turns) || revealInvisible(entry.title)}</p>
}

function parseUsage(fields: Record<string, unknown>): ModelUsage {
  return {
    model: textIn(fields, 'model'),
    inputTokens: numberIn(fields, 'inputTokens'),
    outputTokens: numberIn(fields, 'outputTokens'),
    cost: numberIn(fields, 'cost'),
  }
}

function usageText(usage: ModelUsage[], turns: unknown): string {
  const texts: string[] = []
  const models = usage.flatMap(({ model }) => (model ? [model] : []))
  const sum = (of: (used: ModelUsage) => number | null) => {
    const known = usage.map(of).filter((n) => n !== null)
    return known.length === 0 ? null : known.reduce((all, n) => all + n, 0)
  }
  const [input, output, cost] = [
    sum(({ inputTokens }) => inputTokens),
    sum(({ outputTokens }) => outputTokens),
    sum(({ cost }) => cost),
  ]
  if (models.length > 0) texts.push(models.join(', '))
  if (input !== null) texts.push(strings.transcript.tokensIn(formatInteger(input, locale)))
  if (output !== null) texts.push(strings.transcript.tokensOut(formatInteger(output, locale)))
  if (cost !== null) texts.push(formatMoney(cost, locale))
  if (typeof turns === 'number') texts.push(strings.transcript.turns(turns))
  return texts.join(' · ')
}
