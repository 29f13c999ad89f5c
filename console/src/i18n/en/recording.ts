export const recording = {
  title: 'Recording',
  notYet: 'No stage has started yet. The recording of its terminal appears here.',
  empty: 'No output, so there is nothing to play.',
  tooLong: 'This recording is too long to play here. Download it instead.',
  soFar: 'Recorded so far',
  marks: 'Markers',
  download: 'Download recording',
  suspended: 'Suspended',
  confirmed: 'Answered',
  resumed: 'Resumed',
  typed: (who: string) => `${who} typed`,
}
