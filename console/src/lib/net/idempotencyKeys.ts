/** The keys by which the server knows what a form has sent already: the same that is sent again,
 *  because its answer was lost, has the same key, and whatever is changed another one. */
export class IdempotencyKeys {
  private last: { said: string; key: string } | null = null

  keyFor(what: unknown): string {
    const said = JSON.stringify(what)
    if (this.last?.said !== said) this.last = { said, key: crypto.randomUUID() }
    return this.last.key
  }

  /** It was taken: the same from here on is something new. */
  reset(): void {
    this.last = null
  }
}
