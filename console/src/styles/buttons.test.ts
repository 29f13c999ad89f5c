import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** The selectors of buttons that a pointer changes. */
function pointedSelectors(): string[] {
  const css = readFileSync(new URL('./buttons.css', import.meta.url), 'utf8')
  return [...css.matchAll(/^\.btn[^{,]*:(?:hover|active)[^{,]*/gm)].map(([found]) => found.trim())
}

it('a pointer changes no color of a button that is off', () => {
  const found = pointedSelectors()
  expect(found.length).toBeGreaterThan(3)
  for (const selector of found) expect(selector).toContain(':not([disabled])')
})
