import { useEffect, useRef, useState } from 'react'
import { asProblem } from '../../api/problem'
import { problemText } from '../../api/problemText'
import { imageStrings } from '../../i18n/images'
import { deleteImage, uploadImage } from '../../queries/images'

const TYPES = ['image/png', 'image/jpeg', 'image/webp']
const MAX_BYTES = 5 * 1024 * 1024
export const MAX_IMAGES = 10
export const ACCEPTED_TYPES = TYPES.join(',')

/** An attached image: uploaded once it has an `id`. `error` tells why it can't be. */
export type AttachedImage = {
  key: string
  file: File
  progress: number
  id: number | null
  error: string | null
}

export type ImageUploads = ReturnType<typeof useImageUploads>
type Upload = { projectKey: string; abort: AbortController; id: number | null }

/** Holds the images of a form, and uploads them to its project; again, if that changes. `used` is
 *  how many images the task already has. */
export function useImageUploads(projectKey: string, used = 0) {
  const [images, setImages] = useState<AttachedImage[]>([])
  const [refusal, setRefusal] = useState<string>()
  const { start, stop, stopAll } = useUploads((key, change) =>
    setImages((all) => all.map((one) => (one.key === key ? { ...one, ...change } : one))),
  )
  useEffect(() => {
    for (const image of images) start(image, projectKey)
  }, [images, projectKey, start])
  return {
    images,
    /** Why the latest images weren't attached. */
    refusal,
    ids: images.flatMap(({ id }) => (id === null ? [] : [id])),
    isUploading: images.some(({ id, error }) => id === null && error === null),
    hasFailed: images.some(({ error }) => error !== null),
    add: (files: Iterable<File>) => {
      const { accepted, why } = sortFiles([...files], MAX_IMAGES - used - images.length)
      setRefusal(why)
      setImages((all) => [...all, ...accepted.map(attach)])
    },
    remove: (key: string) => {
      stop(key)
      setRefusal(undefined)
      setImages((all) => all.filter((one) => one.key !== key))
    },
    retry: (key: string) => {
      stop(key)
      setImages((all) => all.map((one) => (one.key === key ? attach(one.file) : one)))
    },
    /** Deletes the uploads: the form was closed without using them. */
    discard: stopAll,
  }
}

function attach(file: File): AttachedImage {
  return { key: crypto.randomUUID(), file, progress: 0, id: null, error: null }
}

/** Returns the files that can be attached, and why the others can't. */
function sortFiles(files: File[], max: number): { accepted: File[]; why: string | undefined } {
  const ofType = files.filter(({ type }) => TYPES.includes(type))
  const small = ofType.filter(({ size }) => size <= MAX_BYTES)
  const accepted = small.slice(0, Math.max(0, max))
  const why = [
    ofType.length < files.length && imageStrings().wrongType,
    small.length < ofType.length && imageStrings().tooLarge,
    accepted.length < small.length && imageStrings().tooMany(MAX_IMAGES),
  ].filter((text) => text !== false)
  return { accepted, why: why.join(' ') || undefined }
}

/** Runs one upload for each image: to the project that the form has now. */
function useUploads(onChange: (key: string, change: Partial<AttachedImage>) => void) {
  const uploads = useRef(new Map<string, Upload>())
  const changed = useRef(onChange)
  changed.current = onChange
  const [actions] = useState(() => {
    const stop = (key: string) => {
      const upload = uploads.current.get(key)
      uploads.current.delete(key)
      upload?.abort.abort()
      if (upload?.id) deleteImage(upload.id)
    }
    const start = ({ key, file }: AttachedImage, projectKey: string) => {
      const known = uploads.current.get(key)
      if (projectKey === '' || known?.projectKey === projectKey) return
      stop(key)
      const upload: Upload = { projectKey, abort: new AbortController(), id: null }
      uploads.current.set(key, upload)
      const report = (change: Partial<AttachedImage>) => {
        if (uploads.current.get(key) === upload) changed.current(key, change)
      }
      if (known) report({ id: null, progress: 0, error: null })
      uploadImage(projectKey, file, (progress) => report({ progress }), upload.abort.signal).then(
        ({ id }) => {
          upload.id = id
          if (upload.abort.signal.aborted) deleteImage(id)
          report({ id })
        },
        (error: unknown) => report({ error: errorText(error) }),
      )
    }
    const stopAll = () => [...uploads.current.keys()].forEach(stop)
    return { start, stop, stopAll }
  })
  return actions
}

function errorText(error: unknown): string {
  const problem = asProblem(error)
  return problem.errors.body?.[0] ?? problemText(problem)
}
