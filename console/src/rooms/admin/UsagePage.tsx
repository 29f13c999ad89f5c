import { words } from '../../words'
import { Admin } from './Admin'
import { Usage } from './Usage'

export default function UsagePage() {
  return (
    <Admin title={words.admin.usage}>
      <Usage />
    </Admin>
  )
}
