/** Returns the attempt in the URL if it exists; otherwise the latest. */
export function selectedAttempt(asked: string | undefined, latest: number): number {
  const number = Number(asked)
  return Number.isInteger(number) && number >= 1 && number <= latest ? number : latest
}
