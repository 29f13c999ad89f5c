export const recording = {
  title: 'Recording',
  notYet: 'No stage has begun yet: what its terminal shows is recorded.',
  empty: 'Nothing was printed, so there is nothing to play.',
  tooLong: 'This recording is too long to be played here. It can be downloaded.',
  soFar: 'What was recorded so far',
  marks: 'Marks',
  download: 'Download the recording',
  suspended: 'Somebody was asked, or it waited',
  confirmed: 'Answered',
  resumed: 'Went on',
  typed: (who: string) => `${who} typed`,
}
