/** Images that are attached to tasks and follow-ups. */
export const images = {
  attach: 'Attach image',
  hint: 'PNG, JPEG or WebP, up to 5 MiB. You can also paste or drop images.',
  attached: 'Attached images',
  uploading: (percent: number) => `Uploading… ${percent}%`,
  remove: (name: string) => `Remove ${name}`,
  retry: 'Retry',
  wrongType: 'Only PNG, JPEG and WebP images can be attached.',
  tooLarge: 'An image can be at most 5 MiB.',
  tooMany: (n: number) => `A task can have at most ${n} images.`,
  failed: "Remove the images that couldn't be uploaded, or retry.",
  open: (name: string) => `Open ${name}`,
  unavailable: (name: string) => `${name} can't be loaded`,
}
