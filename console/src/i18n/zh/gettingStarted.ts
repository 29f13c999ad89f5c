import type * as en from '../en/gettingStarted'

const sentences: typeof en.gettingStarted.sentences = {
  machine: {
    open: () => '还没有机器。智能体在机器上运行。',
    ask_admin: (admins) => `还没有机器，请联系管理员：${admins}。`,
    awaiting_machine: () => '正在等待机器连接，请在该机器上运行安装命令。',
    machine_offline: (name) => `${name} 未连接。`,
    machine_draining: (name) => `${name} 正在排空，不接收任务。`,
    sandbox_not_full: (name, why) => `${name} 已连接，但沙箱未完全隔离${why && `：${why}`}。`,
    done: (name) => (name ? `${name} 已连接，沙箱完全隔离。` : '已连接。'),
  },
  agent: {
    no_machine: () => '需要先连接一台机器。',
    ask_admin: (admins) => `没有找到智能体，请联系管理员安装：${admins}。`,
    agent_not_found: (name) =>
      `${name} 上没有找到智能体。请在该机器上安装一个，例如 npm install -g @anthropic-ai/claude-code。`,
    agent_unhealthy: (name, agents) => `${name} 上的智能体无法启动：${agents}。`,
    done: (name, agents) => (agents ? `${name} 上已找到：${agents}。` : '已找到。'),
  },
  project: {
    open: () => '还没有项目。项目对应一个代码仓库。',
    ask_admin: (admins) => `你还没有加入任何项目，请联系管理员添加：${admins}。`,
    agent_unknown: (name, agent) => `${name} 使用的智能体 ${agent} 不在任何机器上。`,
    no_key_known: (name, agent) =>
      `${name} 没有设置 ${agent} 的密钥。如果 ${agent} 未在机器上登录，请设置密钥。`,
    key_set: (name) => `${name}，已为其智能体设置密钥。`,
    repository_checking: (name) => `正在由一台机器检查 ${name} 的仓库。`,
    repository_failed: (name) => `${name}：`,
    done: (name) => (name ? `${name} 可以接收任务。` : '已创建。'),
  },
  task: {
    open: () => '还没有任务。请描述你想完成的工作。',
    no_project: () => '需要先有一个项目。',
    task_queued: (id) => `${id} 正在等待机器。`,
    task_running: (id) => `${id} 正在运行。`,
    task_asks: (id) => `${id} 需要回答。`,
    task_waits: (id) => `${id} 已暂停，会自动继续。`,
    task_failed: (id) => `${id} 失败。`,
    done: () => '已完成。',
  },
  people: {
    open: () => '目前只有你一个账号。',
    done: () => '其他人也有账号。',
  },
}

export const gettingStarted: typeof en.gettingStarted = {
  title: '开始使用',
  dismiss: '对所有人隐藏',
  steps: { machine: '机器', agent: '智能体', project: '项目', task: '任务', people: '成员' },
  states: { open: '待办', working: '进行中', done: '完成', failed: '有问题' },
  sentences,
  checked: '已检查其仓库：',
  addMachine: '添加机器',
  viewMachines: '查看机器',
  createProject: '新建项目',
  setKey: '设置密钥',
  openProject: (key) => `打开 ${key}`,
  openTask: (id) => `打开 ${id}`,
}
