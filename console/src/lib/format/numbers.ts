/** Formats numbers for display. The locale is an argument. Pure. */

/** Formats as `48,120`. */
export function formatInteger(n: number, locale: string): string {
  return n.toLocaleString(locale)
}

/** Formats for sentences: `1.5 M`, `620 k`. */
export function formatCompact(n: number, locale: string): string {
  for (const [size, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(n) >= size) {
      return `${(n / size).toLocaleString(locale, { maximumSignificantDigits: 3 })} ${unit}`
    }
  }
  return n.toLocaleString(locale)
}

/** Formats with powers of 1,000 and at most three digits: `412 MB`. */
export function formatBytes(n: number, locale: string): string {
  for (const [size, unit] of [
    [1e12, 'TB'],
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ] as const) {
    if (n >= size) {
      return `${(n / size).toLocaleString(locale, { maximumSignificantDigits: 3 })} ${unit}`
    }
  }
  return `${n.toLocaleString(locale)} B`
}

/** Formats as `$0.47`. */
export function formatMoney(dollars: number, locale: string): string {
  return dollars.toLocaleString(locale, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
  })
}

/** Formats a share between 0 and 1: `61 %`. */
export function formatPercent(share: number, locale: string): string {
  return `${(share * 100).toLocaleString(locale, { maximumFractionDigits: 0 })} %`
}
