/** Idempotency keys for a form: resending the same body, because its response was lost, uses the
 *  same key; a changed body gets a new one. */
export class IdempotencyKeys {
  private last: { body: string; key: string } | null = null

  keyFor(what: unknown): string {
    const body = JSON.stringify(what)
    if (this.last?.body !== body) this.last = { body, key: crypto.randomUUID() }
    return this.last.key
  }

  /** The request succeeded: the same body is a new request from now on. */
  reset(): void {
    this.last = null
  }
}
