/** The server's errors, by code. Its own messages are English, so none are needed here. */
export const problems: Record<string, string> = {}

/** The server's warnings, likewise. */
export const warnings: Record<string, string> = {}
