import { Page } from '../../ui/Page'
import { useUrl } from '../../ui/useUrl'
import { words } from '../../words'
import { AskForCode } from './AskForCode'
import { WaitingDevice } from './WaitingDevice'

/** A program without a browser asks to be signed in as you; it shows a code. */
export default function DevicePage() {
  const [{ code }, change] = useUrl<{ code?: string }>()
  return (
    <Page title={words.device.title}>
      {code ? (
        <WaitingDevice code={code} onAnother={() => change({ code: undefined })} />
      ) : (
        <AskForCode onCode={(given) => change({ code: given })} />
      )}
    </Page>
  )
}
