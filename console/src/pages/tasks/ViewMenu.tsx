import { Ellipsis } from 'lucide-react'
import { Menu } from '../../components/controls/Menu'
import { strings } from '../../i18n'
import { type SavedView, useViewActions } from '../../queries/savedViews'
import { showErrorToast, showUndoToast } from '../../state/toasts'

type Props = { view: SavedView; views: SavedView[]; onRename: () => void }

/** Actions on the current view. */
export function ViewMenu({ view, views, onRename }: Props) {
  const { create, change, remove } = useViewActions()
  const onError = showErrorToast
  const place = views.findIndex(({ id }) => id === view.id)
  const left = views[place - 1]
  const toLeft = () => {
    if (!left) return
    // Views at the same position are sorted by age, so give both a position of their own.
    change.mutate({ id: view.id, position: place - 1 }, { onError })
    change.mutate({ id: left.id, position: place }, { onError })
  }
  const undo = () => {
    const { name, query, position, pinned } = view
    create.mutate({ name, query, position, pinned }, { onError })
  }
  const discard = () =>
    remove.mutate(view.id, {
      onSuccess: () => showUndoToast(strings.tasks.viewDeleted(view.name), undo),
      onError,
    })
  const pin = () => change.mutate({ id: view.id, pinned: !view.pinned }, { onError })
  return (
    <Menu
      button={
        <button type="button" aria-label={strings.tasks.viewMenu(view.name)}>
          <Ellipsis className="i" />
        </button>
      }
      items={[
        { name: strings.tasks.rename, onSelect: onRename },
        { name: view.pinned ? strings.tasks.unpin : strings.tasks.pin, onSelect: pin },
        ...(left ? [{ name: strings.tasks.toLeft, onSelect: toLeft }] : []),
        null,
        { name: strings.tasks.deleteView, onSelect: discard, isBad: true },
      ]}
    />
  )
}
