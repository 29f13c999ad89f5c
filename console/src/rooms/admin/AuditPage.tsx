import { readAudit } from '../../queries/adminAudit'
import { Button } from '../../ui/Button'
import { words } from '../../words'
import { Admin } from './Admin'
import { Audit } from './Audit'
import styles from './admin.module.css'

export default function AuditPage() {
  return (
    <Admin
      title={words.admin.audit}
      aside={<Button onClick={() => void readAudit()}>{words.common.reload}</Button>}
    >
      <p className={styles.about}>{words.audit.about}</p>
      <Audit />
    </Admin>
  )
}
