import { List } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button } from '../../../ui/Button'
import { Dialog } from '../../../ui/Dialog'
import { words } from '../../../words'
import styles from './Diff.module.css'
import { goToFile } from './going'

/** The tree of files where there is no room beside the diff. */
export function FilesDialog(props: {
  count: number
  children: (onGo: (path: string) => void) => ReactNode
}) {
  const [isOpen, setOpen] = useState(false)
  const go = (path: string) => {
    setOpen(false)
    // The dialog gives focus back first.
    setTimeout(() => goToFile(path), 100)
  }
  return (
    <>
      <Button className={styles.open} onClick={() => setOpen(true)}>
        <List className="i" />
        {words.diff.fileCount(props.count)}
      </Button>
      <Dialog title={words.diff.files} isOpen={isOpen} onClose={() => setOpen(false)}>
        {props.children(go)}
      </Dialog>
    </>
  )
}
