/** The attempt that the URL names, if there is that one; else the latest. */
export function selectedAttempt(asked: string | undefined, latest: number): number {
  const number = Number(asked)
  return Number.isInteger(number) && number >= 1 && number <= latest ? number : latest
}
