/** A file's syntax colors, requested from a web worker when near and received in chunks. */
import { useEffect, useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { languageOf } from '../model/languages'
import { lineKey, type Side } from '../model/rows'
import type { Tones } from '../model/segments'

export type ColorRequest = { id: number; language: string; parts: string[][] }
export type ColorResponse = { id: number; part: number; from: number; tones: Tones[] }
/** Colors by the line's `lineKey`. */
export type TokenColors = ReadonlyMap<string, Tones>

const none: TokenColors = new Map()
const MAX_LINES = 20_000

type Part = { texts: string[]; keys: string[] }
let worker: Worker | undefined
let ids = 0
const waiting = new Map<number, (response: ColorResponse) => void>()

export function useTokenColors(file: Schemas['DiffFile'], isNear: boolean): TokenColors {
  const [colours, setColours] = useState<{ of: unknown; found: TokenColors }>({
    of: null,
    found: none,
  })
  useEffect(() => {
    const language = languageOf(file.path)
    if (!isNear || language === null) return
    const parts = partsOf(file.hunks)
    if (parts.reduce((sum, part) => sum + part.texts.length, 0) > MAX_LINES) return
    const found = new Map<string, Tones>()
    const id = requestColors(language, parts, ({ part, from, tones }) => {
      const keys = parts[part]?.keys ?? []
      for (const [n, line] of tones.entries()) found.set(keys[from + n] ?? '', line)
      setColours({ of: file.hunks, found: new Map(found) })
    })
    return () => void waiting.delete(id)
  }, [file.path, file.hunks, isNear])
  return colours.of === file.hunks ? colours.found : none
}

/** Returns the texts to highlight: the lines of each side of each hunk. */
function partsOf(hunks: Schemas['Hunk'][]): Part[] {
  return hunks
    .flatMap((hunk) => [sideOf(hunk, 'old'), sideOf(hunk, 'new')])
    .filter((part) => part.texts.length > 0)
}

function sideOf(hunk: Schemas['Hunk'], side: Side): Part {
  const hasOld = hunk.lines.some((line) => line.type === 'deleted')
  // Lines on both sides get their colors from the new side.
  if (side === 'old' && !hasOld) return { texts: [], keys: [] }
  const lines = hunk.lines.filter((line) => line.type !== (side === 'old' ? 'added' : 'deleted'))
  return {
    texts: lines.map((line) => line.text),
    keys: lines.map((line) => lineKey(side, (side === 'old' ? line.oldLine : line.newLine) ?? 0)),
  }
}

function requestColors(
  language: string,
  parts: Part[],
  onColors: (response: ColorResponse) => void,
): number {
  worker ??= startWorker()
  const id = ++ids
  waiting.set(id, onColors)
  worker.postMessage({
    id,
    language,
    parts: parts.map((part) => part.texts),
  } satisfies ColorRequest)
  return id
}

function startWorker(): Worker {
  const made = new Worker(new URL('./highlight.worker.ts', import.meta.url), { type: 'module' })
  made.onmessage = ({ data }: MessageEvent<ColorResponse>) => waiting.get(data.id)?.(data)
  return made
}
