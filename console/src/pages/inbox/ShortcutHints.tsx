import { strings } from '../../i18n'

/** The list's keyboard shortcuts, for devices with a keyboard. */
export function ShortcutHints() {
  return (
    <div className="keys at-end" aria-hidden="true">
      <span>
        <kbd>J</kbd> <kbd>K</kbd> {strings.inbox.move}
      </span>
      <span>
        <kbd>1</kbd>–<kbd>9</kbd> {strings.inbox.answer}
      </span>
      <span>
        <kbd>↵</kbd> {strings.inbox.open}
      </span>
      <span>
        <kbd>?</kbd> {strings.inbox.allKeys}
      </span>
    </div>
  )
}
