import { useState } from 'react'

/** Returns the container for popups: the page's main landmark, because all content belongs in one.
 *  Looked up on each opening, because each page has its own. */
export function useLandmark(isOpenAtFirst = false) {
  const [container, setContainer] = useState(isOpenAtFirst ? mainElement : null)
  return { container, onOpenChange: (isOpen: boolean) => isOpen && setContainer(mainElement()) }
}

function mainElement(): HTMLElement | null {
  return document.getElementById('main')
}
