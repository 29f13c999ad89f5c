/** Whether the host of the first URL in a text is the machine itself: 127.0.0.0/8, ::1 or
 *  localhost. Pure. */
export function hasLoopbackUrl(text: string): boolean {
  const url = /https?:\/\/[^\s'"|]+/.exec(text)?.[0]
  if (url === undefined || !URL.canParse(url)) return false
  const { hostname } = new URL(url)
  return /^(127\.\d+\.\d+\.\d+|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]+\]|(.+\.)?localhost\.?)$/.test(
    hostname,
  )
}
