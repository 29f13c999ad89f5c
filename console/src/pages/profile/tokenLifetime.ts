/** For how many days a token may be made. */
export const LIFETIMES = [7, 30, 90, 365]

const DAY_MILLISECONDS = 86_400_000

/** The moment so many days from now, as the API takes it; null for no end of its own. */
export function expiryAfter(days: string, now: Date): string | null {
  if (days === '') return null
  return new Date(now.getTime() + Number(days) * DAY_MILLISECONDS).toISOString()
}
