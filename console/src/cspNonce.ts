/** Sets the page's CSP nonce on style elements that libraries (such as the terminal) create;
 *  without it the policy blocks them. Styles in HTML strings get none. */
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
