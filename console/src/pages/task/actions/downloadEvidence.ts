import { downloadBlob } from '../../../lib/net/download'
import { fetchEvidence } from '../../../queries/task'
import { showErrorToast } from '../../../state/toasts'

export async function downloadEvidence(taskId: number): Promise<void> {
  try {
    downloadBlob(await fetchEvidence(taskId), `task-${taskId}-evidence.zip`)
  } catch (error) {
    showErrorToast(error)
  }
}
