/** What the server refuses, by its code. Its own words are English: here they need no others. */
export const problems: Record<string, string> = {}

/** Of what it warns, likewise. */
export const warnings: Record<string, string> = {}
