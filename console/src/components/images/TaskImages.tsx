import type { Schemas } from '../../api/client'
import { imageStrings } from '../../i18n/images'
import { useTaskImage } from '../../queries/images'
import { useObjectUrl } from '../hooks/useObjectUrl'
import styles from './images.module.css'

type Image = Schemas['TaskImage']

/** A task's images that came with the description, or with the follow-up of that number. */
export function TaskImages({
  task,
  followUp = null,
}: {
  task: Pick<Schemas['TaskDetail'], 'id' | 'images'>
  followUp?: number | null
}) {
  const images = task.images.filter((image) => image.followUp === followUp)
  if (images.length === 0) return null
  return (
    <ul className={styles.list} aria-label={imageStrings().attached}>
      {images.map((image) => (
        <TaskImage key={image.id} taskId={task.id} image={image} />
      ))}
    </ul>
  )
}

/** A thumbnail. A click opens the image in its own tab. */
function TaskImage({ taskId, image }: { taskId: number; image: Image }) {
  const { data, error } = useTaskImage(taskId, image.id)
  const url = useObjectUrl(data)
  return (
    <li className={styles.item}>
      {error ? (
        <span className="dim">{imageStrings().unavailable(image.name)}</span>
      ) : (
        <a href={url} target="_blank" rel="noreferrer" title={image.name}>
          {url && <img src={url} alt={imageStrings().open(image.name)} />}
        </a>
      )}
    </li>
  )
}
