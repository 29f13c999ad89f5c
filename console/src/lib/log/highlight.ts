import type { Run } from './ansi'

/** A run of a line, and whether it matches the search. */
export type HighlightedRun = Run & { isFound: boolean }

/** Splits runs at the bounds of each match, ignoring case. */
export function highlightRuns(runs: Run[], words: string): HighlightedRun[] {
  const sought = words.toLowerCase()
  if (sought === '') return runs.map((run) => ({ ...run, isFound: false }))
  const text = runs
    .map((run) => run.text)
    .join('')
    .toLowerCase()
  const cuts: number[] = []
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length)) {
    cuts.push(at, at + sought.length)
  }
  const parts: HighlightedRun[] = []
  let begin = 0
  for (const run of runs) {
    const end = begin + run.text.length
    const here = [...new Set([begin, ...cuts.filter((cut) => cut > begin && cut < end), end])]
    for (let place = 0; place + 1 < here.length; place += 1) {
      const [from, to] = [here[place] ?? 0, here[place + 1] ?? 0]
      const isFound = cuts.some((cut, n) => n % 2 === 0 && cut <= from && from < (cuts[n + 1] ?? 0))
      parts.push({ text: run.text.slice(from - begin, to - begin), style: run.style, isFound })
    }
    begin = end
  }
  return parts
}
