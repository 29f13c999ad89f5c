/** Loads a module; without a network, waits until the browser is online again, so that a chunk that
 *  can't load doesn't break the page. */
export async function loadWhenOnline<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (problem) {
    if (navigator.onLine) throw problem
    await new Promise((back) => window.addEventListener('online', back, { once: true }))
    return loadWhenOnline(load)
  }
}
