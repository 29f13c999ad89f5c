import { Dialog } from '../../components/dialogs/Dialog'
import { activeShortcuts, type Shortcut } from '../../components/hooks/shortcuts'
import { strings } from '../../i18n'
import { formatModKey } from '../../lib/format/keyNames'

/** The active keyboard shortcuts. */
export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={strings.keys.title} isOpen onClose={onClose}>
      <ShortcutList title={strings.keys.here} keys={activeShortcuts('here')} />
      <ShortcutList title={strings.keys.everywhere} keys={activeShortcuts('everywhere')} />
    </Dialog>
  )
}

function ShortcutList({ title, keys }: { title: string; keys: Shortcut[] }) {
  if (keys.length === 0) return null
  return (
    <section>
      <h3>{title}</h3>
      <dl className="facts">
        {keys.map(({ key, what }) => (
          <div key={key} className="pair">
            <dt>
              <kbd>{key.replace('Mod+k', formatModKey('K'))}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
