import { useUrlSearch } from '../../components/hooks/useUrlSearch'
import { Page } from '../../components/page/Page'
import { strings } from '../../i18n'
import { DeviceApproval } from './DeviceApproval'
import { DeviceCodeForm } from './DeviceCodeForm'

/** The page where you approve a program that has no browser, by the code that it shows. The program
 *  is then signed in as you. */
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
