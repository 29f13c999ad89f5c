import { useUrlSearch } from '../../components/hooks/useUrlSearch'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import { DeviceApproval } from './DeviceApproval'
import { DeviceCodeForm } from './DeviceCodeForm'

/** A program without a browser asks to be signed in as you; it shows a code. */
export default function DevicePage() {
  const [{ code }, change] = useUrlSearch<{ code?: string }>()
  return (
    <Page title={strings.device.title}>
      {code ? (
        <DeviceApproval code={code} onAnother={() => change({ code: undefined })} />
      ) : (
        <DeviceCodeForm onCode={(given) => change({ code: given })} />
      )}
    </Page>
  )
}
