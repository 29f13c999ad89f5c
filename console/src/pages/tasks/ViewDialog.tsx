import { useState } from 'react'
import { asProblem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { Button } from '../../components/controls/Button'
import { Dialog } from '../../components/dialogs/Dialog'
import { Field } from '../../components/forms/Field'
import { strings } from '../../i18n'
import { type SavedView, useViewActions } from '../../queries/savedViews'

/** A dialog that saves filters as a named view, or renames a view. */
export function ViewDialog(props: { view: SavedView | null; query: string; onClose: () => void }) {
  const { view, query, onClose } = props
  const [name, setName] = useState(view?.name ?? '')
  const { create, change } = useViewActions()
  const done = { onSuccess: onClose }
  const save = () => {
    if (view) change.mutate({ id: view.id, name: name.trim() }, done)
    else create.mutate({ name: name.trim(), query }, done)
  }
  const error = create.error ?? change.error
  const problem = error && asProblem(error)
  return (
    <Dialog
      title={view ? strings.tasks.rename : strings.tasks.saveView}
      isOpen
      onClose={onClose}
      foot={
        <Button
          variant="main"
          type="submit"
          form="view"
          disabled={name.trim() === '' || create.isPending || change.isPending}
        >
          {strings.common.save}
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
          label={strings.tasks.viewName}
          hint={strings.tasks.viewWhy}
          error={problem ? (problem.errors.name?.[0] ?? problemText(problem)) : undefined}
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
