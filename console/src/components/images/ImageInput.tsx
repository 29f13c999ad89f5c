import { ImagePlus, X } from 'lucide-react'
import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import { imageStrings } from '../../i18n/images'
import { Button } from '../controls/Button'
import { useObjectUrl } from '../hooks/useObjectUrl'
import styles from './images.module.css'
import { ACCEPTED_TYPES, type AttachedImage, type ImageUploads } from './useImageUploads'

type Props = { uploads: ImageUploads; error?: string | undefined; children: ReactNode }

/** A text field (`children`) that also takes images: pasted, dropped, or chosen with a button. */
export function ImageInput({ uploads, error, children }: Props) {
  const [isOver, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const drag = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    setOver(event.type === 'dragover')
    if (event.type === 'drop') uploads.add(event.dataTransfer.files)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button does the same
    <div
      className={styles.input}
      data-over={isOver || undefined}
      onDragOver={drag}
      onDragLeave={drag}
      onDrop={drag}
      onPaste={(event) => {
        const { clipboardData } = event
        // Copied cells and paragraphs come as an image, too: they are meant as text.
        if (clipboardData.files.length === 0 || clipboardData.getData('text/plain')) return
        event.preventDefault()
        uploads.add(clipboardData.files)
      }}
    >
      {children}
      <Thumbnails uploads={uploads} />
      <div className="row wrap">
        <Button size="tiny" onClick={() => input.current?.click()}>
          <ImagePlus className="i" />
          {imageStrings().attach}
        </Button>
        <span className="hint">{imageStrings().hint}</span>
      </div>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={ACCEPTED_TYPES}
        aria-label={imageStrings().attach}
        onChange={({ target }) => {
          uploads.add(target.files ?? [])
          target.value = '' // so that the same file can be chosen again
        }}
      />
      {(uploads.refusal ?? error) && (
        <span className="error" role="alert">
          {uploads.refusal ?? error}
        </span>
      )}
    </div>
  )
}

function Thumbnails({ uploads }: { uploads: ImageUploads }) {
  if (uploads.images.length === 0) return null
  return (
    <ul className={styles.list} aria-label={imageStrings().attached}>
      {uploads.images.map((image) => (
        <Thumbnail key={image.key} image={image} uploads={uploads} />
      ))}
    </ul>
  )
}

function Thumbnail({ image, uploads }: { image: AttachedImage; uploads: ImageUploads }) {
  const url = useObjectUrl(image.file)
  const { name } = image.file
  return (
    <li className={styles.item} data-failed={image.error !== null || undefined}>
      {url && <img src={url} alt={name} />}
      <Button
        variant="quiet"
        size="tiny"
        className={styles.remove}
        aria-label={imageStrings().remove(name)}
        onClick={() => uploads.remove(image.key)}
      >
        <X className="i" />
      </Button>
      {image.error === null ? (
        <span className="hint" role="status">
          {image.id === null && imageStrings().uploading(Math.round(image.progress * 100))}
        </span>
      ) : (
        <>
          <span className="error" role="alert">
            {image.error}
          </span>
          <Button size="tiny" onClick={() => uploads.retry(image.key)}>
            {imageStrings().retry}
          </Button>
        </>
      )}
    </li>
  )
}
