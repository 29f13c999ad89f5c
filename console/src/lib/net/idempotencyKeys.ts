/** Idempotency keys for a form: resending the same body, because its response was lost, uses the
 *  same key; a changed body gets a new one. */
export class IdempotencyKeys {
  private last: { said: string; key: string } | null = null

  keyFor(what: unknown): string {
    const said = JSON.stringify(what)
    if (this.last?.said !== said) this.last = { said, key: crypto.randomUUID() }
    return this.last.key
  }

  /** The request succeeded: the same body is a new request from now on. */
  reset(): void {
    this.last = null
  }
}
