import type * as en from '../en/recording'

export const recording: typeof en.recording = {
  title: '录像',
  notYet: '还没有阶段开始。开始后，终端会录制在这里。',
  empty: '没有输出，因此没有可播放的内容。',
  tooLong: '录像太长，无法在此播放，请下载。',
  soFar: '目前为止的录像',
  marks: '标记',
  download: '下载录像',
  suspended: '已暂停',
  confirmed: '已回答',
  resumed: '已继续',
  typed: (who) => `${who} 有输入`,
}
