import type { taskUsage as en } from '../en/taskUsage'

export const taskUsage: typeof en = {
  title: '用量',
  by: '分组',
  groups: { attempt: '按尝试', stage: '按阶段', agent: '按智能体', model: '按模型' },
  columns: { attempt: '尝试', stage: '阶段', agent: '智能体', model: '模型' },
  attempt: (n) => `第 ${n} 次尝试`,
  noModel: '未知',
  sum: '合计',
  budget: '预算',
  noBudget: '此任务和项目都没有预算，可能受创建者的每月预算限制。',
  nothing: '还没有用量',
  nothingWhy: '智能体在运行中和结束时上报用量。Shell 阶段没有用量。',
}
