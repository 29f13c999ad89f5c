import { SCRIPTS } from './seenTable'

export type Mixed = {
  from: number
  to: number
  /** The scripts' short names, as `Intl.DisplayNames` takes them. */
  scripts: string[]
}

const IDENTIFIER = /[$_\p{ID_Start}][$\p{ID_Continue}\u200c\u200d]*/gu
const IS_PLAIN = /^[\p{ASCII}]*$/u
/** What *highly restrictive* lets stand beside Latin (UTS 39, section 5.2). */
const TOGETHER = [
  ['Latn', 'Hani', 'Hira', 'Kana'],
  ['Latn', 'Hani', 'Bopo'],
  ['Latn', 'Hani', 'Hang'],
].map(whollyOf)

/** The identifiers of a text whose letters are of scripts that belong to no one writing. */
export function mixedIn(text: string): Mixed[] {
  if (IS_PLAIN.test(text)) return []
  return [...text.matchAll(IDENTIFIER)].flatMap(({ 0: identifier, index: from }) =>
    isMixed(identifier)
      ? [{ from, to: from + identifier.length, scripts: scriptsIn(identifier) }]
      : [],
  )
}

function isMixed(identifier: string): boolean {
  if (IS_PLAIN.test(identifier) || TOGETHER.some((wholly) => wholly.test(identifier))) return false
  const first = [...identifier].map(scriptsOf).find((scripts) => scripts.length > 0) ?? []
  return first.length > 0 && !first.some((script) => whollyOf([script]).test(identifier))
}

function scriptsIn(identifier: string): string[] {
  const single = [...identifier].map(scriptsOf).filter((scripts) => scripts.length === 1)
  return [...new Set(single.flat())]
}

const known = new Map<string, string[]>()

/** The scripts that a character is used in; none where any may have it. */
function scriptsOf(char: string): string[] {
  let scripts = known.get(char)
  if (!scripts) {
    const names = SCRIPTS.trim().split(/\s+/)
    scripts = names.filter((name) => new RegExp(`\\p{scx=${name}}`, 'u').test(char))
    known.set(char, scripts)
  }
  return scripts
}

/** Whether a text has no letter but of these scripts. */
function whollyOf(scripts: string[]): RegExp {
  const names = [...scripts, 'Zyyy', 'Zinh'].map((name) => `\\p{scx=${name}}`)
  return new RegExp(`^[${names.join('')}]+$`, 'u')
}
