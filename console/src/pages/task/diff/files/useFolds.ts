import { useCallback, useState } from 'react'
import type { Schemas } from '../../../../api/client'
import { asProblem } from '../../../../api/problem'
import { strings } from '../../../../i18n'
import { useMarkViewed, useViewed } from '../../../../queries/reviews'
import { showErrorToast, showToast, showUndoToast } from '../../../../state/toasts'
import { isSecondary } from '../model/fileTree'

type File = Schemas['DiffFile']
type Folds = ReadonlyMap<string, { blob: string | null; isFolded: boolean }>

/** Tracks which files are viewed and which are folded. Viewing a file folds it; when its content
 *  changes, it is no longer viewed and unfolds. Generated and binary files start folded. */
export function useFolds(taskId: number) {
  const viewed = useViewed(taskId).data
  const { mutate } = useMarkViewed(taskId)
  const [folds, setFolds] = useState<Folds>(new Map())
  const isViewed = (file: File) => !!viewed?.has(file.path) && viewed.get(file.path) === file.blob
  const isFolded = (file: File) => {
    const own = folds.get(file.path)
    if (own && own.blob === file.blob) return own.isFolded
    return isViewed(file) || isSecondary(file)
  }
  const fold = useCallback((path: string, blob: string | null, isFolded: boolean) => {
    setFolds((before) => new Map(before).set(path, { blob, isFolded }))
  }, [])
  const view = useCallback(
    (file: File, isViewed: boolean) => {
      const { path, blob } = file
      const mark = (viewed: boolean) => {
        fold(path, blob, viewed)
        mutate(
          { path, blob, viewed },
          {
            onError: (error) => {
              fold(path, blob, !viewed)
              if (asProblem(error).code === 'head_changed') showToast(strings.diff.headChanged)
              else showErrorToast(error)
            },
          },
        )
      }
      mark(isViewed)
      const line = isViewed ? strings.diff.nowViewed(path) : strings.diff.notViewed(path)
      showUndoToast(line, () => mark(!isViewed))
    },
    [fold, mutate],
  )
  return { isViewed, isFolded, fold, view }
}
