/** The palette's texts, in both languages: either's words find a command. Loaded with the palette. */
import { language } from '.'
import { palette as en } from './en/palette'
import { palette as zh } from './zh/palette'

export type CommandId = keyof typeof en.commands

const palettes = { en, 'zh-CN': zh }

export const paletteStrings = () => palettes[language]

/** Returns a command's names: first the one to show, then that of the other language. */
export function commandNames(id: CommandId): string[] {
  const other = language === 'en' ? zh : en
  return [paletteStrings().commands[id], other.commands[id]]
}

/** Returns a text for each language, the current one first. */
export function inBothLanguages(text: (strings: typeof en) => string): string[] {
  return [text(paletteStrings()), text(language === 'en' ? zh : en)]
}
