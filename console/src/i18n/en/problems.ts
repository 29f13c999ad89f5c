/** The server's errors, by code. Its own messages are English, so none are needed here. */
export const problems: Record<string, string> = {}

/** Follows a warning of another language; the server's own has it. */
export const didYouMean = (name: string) => ` Did you mean ${name}?`

/** The server's warnings, likewise. */
export const warnings: Record<string, string> = {}
