/** A price as the text of its fields; empty if not set. */
export type PriceText = {
  id: string
  agent: string
  model: string
  input: string
  cached: string
  output: string
  reasoning: string
}
type Price = {
  agent?: string | null
  model: string
  input: number
  cached?: number | null
  output: number
  reasoning?: number | null
}

export function emptyPrice(): PriceText {
  const empty = { agent: '', model: '', input: '', cached: '', output: '', reasoning: '' }
  return { id: crypto.randomUUID(), ...empty }
}

export function priceText(price: Price): PriceText {
  return {
    id: crypto.randomUUID(),
    agent: price.agent ?? '',
    model: price.model,
    input: String(price.input),
    cached: String(price.cached ?? ''),
    output: String(price.output),
    reasoning: String(price.reasoning ?? ''),
  }
}

/** Converts prices for the API, without those not set: cached input defaults to the input price,
 *  reasoning to the output price. */
export function pricesOf(texts: PriceText[]): Price[] {
  return texts.map((text) => ({
    ...(text.agent.trim() && { agent: text.agent.trim() }),
    model: text.model.trim(),
    input: Number(text.input),
    ...(text.cached !== '' && { cached: Number(text.cached) }),
    output: Number(text.output),
    ...(text.reasoning !== '' && { reasoning: Number(text.reasoning) }),
  }))
}
