/** Commands that run at once, in this browser or for your account. */
import { BookOpen, CheckCheck, Copy, Keyboard, Languages, LogOut, SunMoon } from 'lucide-react'
import { captureNextRequest, lastCurlCommand } from '../../api/curlHistory'
import { signOut } from '../../auth/session'
import { areShortcutsEnabled, setShortcutsEnabled } from '../../components/hooks/shortcuts'
import { type Language, language, languages, setLanguage } from '../../i18n'
import { type CommandId, commandNames, inBothLanguages, paletteStrings } from '../../i18n/palette'
import { setTheme } from '../../state/theme'
import { copyCurlCommand, showErrorToast, showToast } from '../../state/toasts'
import type { Command } from './command'

type Given = { readAll: () => void; showKeys: () => void }

export function browserCommands({ readAll, showKeys }: Given): Command[] {
  const areOn = areShortcutsEnabled()
  const make = (id: CommandId, icon: Command['icon'], run: () => void, keys?: string) => ({
    id,
    names: commandNames(id),
    icon,
    run,
    keys,
  })
  return [
    make('readAll', CheckCheck, readAll),
    make('lightTheme', SunMoon, () => setTheme('light')),
    make('darkTheme', SunMoon, () => setTheme('dark')),
    make('systemTheme', SunMoon, () => setTheme('system')),
    ...languageCommands(),
    make('keys', Keyboard, showKeys, '?'),
    make(areOn ? 'keysOff' : 'keysOn', Keyboard, () => setShortcutsEnabled(!areOn)),
    make('lastCurl', Copy, copyLastCurl),
    make('nextCurl', Copy, captureNextCurl),
    make('docs', BookOpen, () => void open('/api/docs')),
    make('signOut', LogOut, () => void signOut().catch(showErrorToast)),
  ]
}

function languageCommands(): Command[] {
  const others = (Object.keys(languages) as Language[]).filter((one) => one !== language)
  return others.map((one) => ({
    id: `language ${one}`,
    names: inBothLanguages((strings) => strings.language(languages[one])),
    icon: Languages,
    run: () => setLanguage(one),
  }))
}

function copyLastCurl(): void {
  const line = lastCurlCommand()
  if (line === null) showToast(paletteStrings().nothingDone)
  else copyCurlCommand(line)
}

function captureNextCurl(): void {
  captureNextRequest()
  showToast(paletteStrings().nextCurlArmed)
}
