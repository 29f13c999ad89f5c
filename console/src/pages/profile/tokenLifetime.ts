/** The lifetimes that a token can have, in days. */
export const LIFETIMES = [7, 30, 90, 365]

const DAY_MILLISECONDS = 86_400_000

/** Returns the timestamp so many days from now, for the API; null if the token doesn't expire. */
export function expiryAfter(days: string, now: Date): string | null {
  if (days === '') return null
  return new Date(now.getTime() + Number(days) * DAY_MILLISECONDS).toISOString()
}
