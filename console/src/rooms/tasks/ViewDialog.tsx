import { useState } from 'react'
import { asProblem } from '../../api/problem'
import { type SavedView, useViewActs } from '../../queries/savedViews'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { detailOf } from '../../ui/detail'
import { Field } from '../../ui/Field'
import { words } from '../../words'

/** Gives filters a name, or a view another one. */
export function ViewDialog(props: { view: SavedView | null; query: string; onClose: () => void }) {
  const { view, query, onClose } = props
  const [name, setName] = useState(view?.name ?? '')
  const { create, change } = useViewActs()
  const done = { onSuccess: onClose }
  const save = () => {
    if (view) change.mutate({ id: view.id, name: name.trim() }, done)
    else create.mutate({ name: name.trim(), query }, done)
  }
  const error = create.error ?? change.error
  const problem = error && asProblem(error)
  return (
    <Dialog
      title={view ? words.tasks.rename : words.tasks.saveView}
      isOpen
      onClose={onClose}
      foot={
        <Button
          look="main"
          type="submit"
          form="view"
          disabled={name.trim() === '' || create.isPending || change.isPending}
        >
          {words.common.save}
        </Button>
      }
    >
      <form
        id="view"
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
      >
        <Field
          label={words.tasks.viewName}
          hint={words.tasks.viewWhy}
          error={problem ? (problem.errors.name?.[0] ?? detailOf(problem)) : undefined}
        >
          <input
            className="input"
            value={name}
            maxLength={60}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
      </form>
    </Dialog>
  )
}
