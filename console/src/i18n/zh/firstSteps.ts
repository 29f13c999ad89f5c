import type * as en from '../en/firstSteps'

export const firstSteps: typeof en.firstSteps = {
  needs: (missing) => `运行任务还需要${missing}。`,
  project: '项目',
  machine: '机器',
  createProject: '新建项目',
  addMachine: '添加机器',
  ask: (admins) => `请联系管理员：${admins}。`,
}
