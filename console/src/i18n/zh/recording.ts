import type * as en from '../en/recording'

export const recording: typeof en.recording = {
  title: '录像',
  notYet: '还没有阶段开始，开始后终端画面会被录制。',
  empty: '没有任何输出，因此没有可播放的内容。',
  tooLong: '录像太长，无法在此播放，可以下载。',
  soFar: '到目前为止的录像',
  marks: '标记',
  download: '下载录像',
  suspended: '询问了某人，或在等待',
  confirmed: '已回答',
  resumed: '已继续',
  typed: (who) => `${who} 有输入`,
}
