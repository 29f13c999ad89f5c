/** Errors of the server, by code. Its own messages are English, so none are needed here. */
export const problems: Record<string, string> = {}

/** Warnings of the server, likewise. */
export const warnings: Record<string, string> = {}
