import type { images as en } from '../en/images'

export const images: typeof en = {
  attach: '添加图片',
  hint: 'PNG、JPEG 或 WebP，最大 5 MiB。也可以粘贴或拖入图片。',
  attached: '附加的图片',
  uploading: (percent) => `正在上传… ${percent}%`,
  remove: (name) => `移除 ${name}`,
  retry: '重试',
  wrongType: '只能添加 PNG、JPEG 和 WebP 图片。',
  tooLarge: '每张图片最大 5 MiB。',
  tooMany: (n) => `每个任务最多 ${n} 张图片。`,
  failed: '请移除未能上传的图片，或重试。',
  open: (name) => `打开 ${name}`,
  unavailable: (name) => `无法加载 ${name}`,
}
