/** Returns the key of the unsaved instruction of a task's next follow-up. */
export const followUpDraft = (taskId: number) => `followUp/${taskId}`
