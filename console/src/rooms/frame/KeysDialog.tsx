import { Dialog } from '../../ui/Dialog'
import { type Key, known } from '../../ui/keys'
import { words } from '../../words'

/** What can be pressed here. */
export default function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={words.keys.title} isOpen onClose={onClose}>
      <Listed title={words.keys.here} keys={known('here')} />
      <Listed title={words.keys.everywhere} keys={known('everywhere')} />
    </Dialog>
  )
}

function Listed({ title, keys }: { title: string; keys: Key[] }) {
  if (keys.length === 0) return null
  return (
    <section>
      <h3>{title}</h3>
      <dl className="facts">
        {keys.map(({ key, what }) => (
          <div key={key} className="pair">
            <dt>
              <kbd>{key.replace('Mod+k', '⌘ / Ctrl K')}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
