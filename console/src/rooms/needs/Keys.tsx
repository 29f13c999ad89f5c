import { words } from '../../words'

/** The keys of the list, for who has a keyboard. */
export function Keys() {
  return (
    <div className="keys at-end" aria-hidden="true">
      <span>
        <kbd>J</kbd> <kbd>K</kbd> {words.needs.move}
      </span>
      <span>
        <kbd>1</kbd>–<kbd>9</kbd> {words.needs.answer}
      </span>
      <span>
        <kbd>↵</kbd> {words.needs.open}
      </span>
      <span>
        <kbd>?</kbd> {words.needs.allKeys}
      </span>
    </div>
  )
}
