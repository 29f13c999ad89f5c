import { Ellipsis } from 'lucide-react'
import { type SavedView, useViewActs } from '../../queries/savedViews'
import { Menu } from '../../ui/Menu'
import { sayBroken, sayUndoable } from '../../ui/toasts'
import { words } from '../../words'

type Props = { view: SavedView; views: SavedView[]; onRename: () => void }

/** What can be done with the view that is shown. */
export function ViewMenu({ view, views, onRename }: Props) {
  const { create, change, remove } = useViewActs()
  const onError = sayBroken
  const place = views.findIndex(({ id }) => id === view.id)
  const left = views[place - 1]
  const toLeft = () => {
    if (!left) return
    // Two at one place stand by their age: so both get a place of their own.
    change.mutate({ id: view.id, position: place - 1 }, { onError })
    change.mutate({ id: left.id, position: place }, { onError })
  }
  const undo = () => {
    const { name, query, position, pinned } = view
    create.mutate({ name, query, position, pinned }, { onError })
  }
  const discard = () =>
    remove.mutate(view.id, {
      onSuccess: () => sayUndoable(words.tasks.viewDeleted(view.name), undo),
      onError,
    })
  const pin = () => change.mutate({ id: view.id, pinned: !view.pinned }, { onError })
  return (
    <Menu
      button={
        <button type="button" aria-label={words.tasks.viewMenu(view.name)}>
          <Ellipsis className="i" />
        </button>
      }
      items={[
        { name: words.tasks.rename, act: onRename },
        { name: view.pinned ? words.tasks.unpin : words.tasks.pin, act: pin },
        ...(left ? [{ name: words.tasks.toLeft, act: toLeft }] : []),
        null,
        { name: words.tasks.deleteView, act: discard, isBad: true },
      ]}
    />
  )
}
