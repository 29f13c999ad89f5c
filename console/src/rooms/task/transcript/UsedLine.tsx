import { numberIn, objectsIn, textIn } from '../../../lib/entryData'
import { money, whole } from '../../../lib/numbers'
import { seen } from '../../../lib/seen'
import type { Entry } from '../../../lib/transcript'
import { locale, words } from '../../../words'

type Used = {
  model: string | null
  inputTokens: number | null
  outputTokens: number | null
  cost: number | null
}

/** What a run has used, in one line. */
export function UsedLine({ entry }: { entry: Entry }) {
  const usage = objectsIn(entry.data, 'usage').map(usedOf)
  return <p className="dim">{saidOf(usage, entry.data.turns) || seen(entry.title)}</p>
}

function usedOf(said: Record<string, unknown>): Used {
  return {
    model: textIn(said, 'model'),
    inputTokens: numberIn(said, 'inputTokens'),
    outputTokens: numberIn(said, 'outputTokens'),
    cost: numberIn(said, 'cost'),
  }
}

function saidOf(usage: Used[], turns: unknown): string {
  const said: string[] = []
  const models = usage.flatMap(({ model }) => (model ? [model] : []))
  const sum = (of: (used: Used) => number | null) => {
    const known = usage.map(of).filter((n) => n !== null)
    return known.length === 0 ? null : known.reduce((all, n) => all + n, 0)
  }
  const [input, output, cost] = [
    sum(({ inputTokens }) => inputTokens),
    sum(({ outputTokens }) => outputTokens),
    sum(({ cost }) => cost),
  ]
  if (models.length > 0) said.push(models.join(', '))
  if (input !== null) said.push(words.transcript.tokensIn(whole(input, locale)))
  if (output !== null) said.push(words.transcript.tokensOut(whole(output, locale)))
  if (cost !== null) said.push(money(cost, locale))
  if (typeof turns === 'number') said.push(words.transcript.turns(turns))
  return said.join(' · ')
}
