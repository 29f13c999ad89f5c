import { useState } from 'react'

/** Where what floats is put: within a landmark, as all of a page is. Looked up when it opens, for
 *  another page has another one. */
export function useLandmark(isOpenAtFirst = false) {
  const [container, setContainer] = useState(isOpenAtFirst ? mainElement : null)
  return { container, onOpenChange: (isOpen: boolean) => isOpen && setContainer(mainElement()) }
}

function mainElement(): HTMLElement | null {
  return document.getElementById('main')
}
