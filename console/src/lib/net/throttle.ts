/** Returns a throttled `act`: runs at once, then at most once per interval, with a trailing run. */
export function throttle(milliseconds: number, act: () => void): () => void {
  let waits = false
  let isAsked = false
  return function go() {
    if (waits) {
      isAsked = true
      return
    }
    act()
    waits = true
    setTimeout(() => {
      waits = false
      if (isAsked) {
        isAsked = false
        go()
      }
    }, milliseconds)
  }
}
