import { strings } from '../../i18n'

type Props = {
  label?: string
  hint?: string
  text: string
  isOff: boolean
  onChange: (text: string) => void
}

/** A field that a button has opened, for the text of an answer. */
export function CommentField({ text, isOff, onChange, ...props }: Props) {
  return (
    <label className="field">
      <span className="label">{props.label ?? strings.gate.comment}</span>
      <textarea
        className="input"
        // biome-ignore lint/a11y/noAutofocus: the user pressed a button to open this field
        autoFocus
        maxLength={10_000}
        value={text}
        disabled={isOff}
        onChange={(event) => onChange(event.target.value)}
      />
      <span className="hint">{props.hint ?? strings.gate.commentHint}</span>
    </label>
  )
}
