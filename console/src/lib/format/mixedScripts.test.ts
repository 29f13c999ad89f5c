import { expect, it } from 'vitest'
import { findMixedScripts } from './mixedScripts'
import cases from './mixedScriptsCases.json'

it.each(cases as [string, string | null, string[]][])('in %j: %j', (text, identifier, scripts) => {
  const found = findMixedScripts(text)
  expect(found.map(({ from, to }) => text.slice(from, to))).toEqual(identifier ? [identifier] : [])
  expect(found.flatMap((one) => one.scripts)).toEqual(scripts)
})
