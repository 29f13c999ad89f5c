/** Style elements that libraries make (the terminal does) get the page's own nonce, without which its
 *  policy stops them. What is written in HTML gets none. */
export function installStyleNonce(): void {
  const { nonce } = document.querySelector<HTMLElement>('meta[property="csp-nonce"]') ?? {}
  if (!nonce) return
  const create = document.createElement.bind(document)
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const made = create(name, options)
    if (made instanceof HTMLStyleElement) made.nonce = nonce
    return made
  }) as typeof document.createElement
}
