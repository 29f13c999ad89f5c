import type * as en from '../en/adminUsage'

export const adminUsage: typeof en.adminUsage = {
  by: '按',
  groups: {
    project: '项目',
    developer: '开发者',
    agent: '智能体',
    model: '模型',
    day: '日期',
    stage: '阶段',
    task: '任务',
  },
  from: '起始',
  to: '截止',
  project: '项目',
  allProjects: '所有项目',
  cost: '费用',
  about: (cost) => `约 ${cost}`,
  input: '输入',
  cached: '其中缓存',
  output: '输出',
  share: '占比',
  shareOf: (share) => `最多者的 ${share}`,
  unnamed: '未知',
  download: '下载 CSV',
  empty: '这段时间内智能体没有用量。',
}
