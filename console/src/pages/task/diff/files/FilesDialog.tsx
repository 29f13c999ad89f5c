import { List } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button } from '../../../../components/controls/Button'
import { Dialog } from '../../../../components/dialogs/Dialog'
import { strings } from '../../../../i18n'
import styles from '../Diff.module.css'
import { goToFile } from './navigation'

/** A dialog with the file tree, for windows too narrow to show it beside the diff. */
export function FilesDialog(props: {
  count: number
  children: (onGo: (path: string) => void) => ReactNode
}) {
  const [isOpen, setOpen] = useState(false)
  const go = (path: string) => {
    setOpen(false)
    // The closing dialog restores the focus first.
    setTimeout(() => goToFile(path), 100)
  }
  return (
    <>
      <Button className={styles.open} onClick={() => setOpen(true)}>
        <List className="i" />
        {strings.diff.fileCount(props.count)}
      </Button>
      <Dialog title={strings.diff.files} isOpen={isOpen} onClose={() => setOpen(false)}>
        {props.children(go)}
      </Dialog>
    </>
  )
}
