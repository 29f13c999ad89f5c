/** What the palette offers: commands of the console, and of one task, machine or project. */
import type { LucideIcon } from 'lucide-react'
import type { Schemas } from '../../api/client'
import type { CommandId } from '../../i18n/palette'
import type { Machine } from '../../lib/machine/machines'
import type { PaletteNavigation } from './usePaletteNavigation'
import type { Viewer } from './useViewer'

export type Command = {
  /** Unique in the palette. */
  id: string
  /** In both languages; the first one is shown. */
  names: string[]
  icon: LucideIcon
  keys?: string | undefined
  /** What it is about, such as `#7`. */
  about?: string
  /** Whether the palette stays open, to ask for more. */
  isOpenAfter?: boolean
  run: () => void
}

export type SubjectTask = Pick<Schemas['FoundTask'], 'id'> & { allowedActions: readonly string[] }
/** Search tells less about machines and projects than their lists. */
export type SubjectMachine = Pick<Machine, 'id' | 'name' | 'status'> &
  Partial<Pick<Machine, 'uninstalledAt'>>
export type SubjectProject = Pick<Schemas['ProjectResult'], 'key' | 'name'>

export type Subject =
  | { kind: 'task'; on: SubjectTask }
  | { kind: 'machine'; on: SubjectMachine }
  | { kind: 'project'; on: SubjectProject }

/** A command for any `T` of its kind. Deny by default: one without `isFor` is for everyone who sees
 *  the `T`. */
export type SubjectCommand<T> = {
  id: CommandId
  icon: LucideIcon
  /** Whether the viewer may run it for some `T`. */
  isFor?: (viewer: Viewer) => boolean
  /** Whether it can be run for this one, by this viewer. */
  isOffered?: (on: T, viewer: Viewer) => boolean
  run: (on: T, navigation: PaletteNavigation) => void
}
