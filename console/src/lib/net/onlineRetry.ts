/** What `load` fetches. Where the browser has no line it is fetched once there is one again: a page that
 * stands is not broken by a piece of it that could not come. */
export async function loadWhenOnline<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (problem) {
    if (navigator.onLine) throw problem
    await new Promise((back) => window.addEventListener('online', back, { once: true }))
    return loadWhenOnline(load)
  }
}
