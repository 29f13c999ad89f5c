import type * as en from '../en/projectChecks'

export const checkSentences: typeof en.checkSentences = {
  repository_reached: '机器 {machine} 可以读取仓库。',
  host_not_found: '找不到主机 {host}，请检查 URL。',
  host_unreachable: '机器 {machine} 无法连接 {host}，请检查 URL 和防火墙。',
  repository_not_found: '主机 {host} 上没有这个仓库，或当前凭据无权访问。',
  folder_empty: '机器 {machine} 的这个文件夹中没有仓库。',
  folder_not_allowed:
    '机器 {machine} 不能使用此文件夹中的仓库。其运维人员可以用 --file-root 允许此文件夹。',
  folder_outside:
    '机器 {machine} 不能使用此文件夹中的仓库，只能使用 {folders} 中的仓库。其运维人员可以用 --file-root 允许更多文件夹。',
  host_key_changed: '{host} 的主机密钥与“已知主机”中的不同，可能是另一台服务器，请咨询其运维人员。',
  host_key_unknown: '机器 {machine} 不认识 {host} 的主机密钥，请将其添加到“已知主机”。',
  certificate_refused: '机器 {machine} 不信任 {host} 的证书。',
  check_timed_out: '主机 {host} 在 15 秒内没有响应。',
  repository_failed: '机器 {machine} 无法读取仓库，请查看详情。',
  no_machine: '没有已连接的机器可以运行此项目的任务，因此未检查仓库。',
  no_answer: '没有机器及时响应，因此未检查仓库。',
  machine_busy: '机器 {machine} 正忙于其他检查，请重试。',
  secrets_unreadable: '服务器无法解密已保存的凭据，请重新输入 Git 令牌或 SSH 密钥。',
  login_accepted: '主机 {host} 接受此 Git 令牌，可以读取。',
  push_needs_login: '任何人都可以读取此仓库，但推送需要凭据。请添加 Git 令牌。{scopes}',
  login_needed: '此仓库需要凭据，请添加 Git 令牌。{scopes}',
  login_refused: '主机 {host} 拒绝了此 Git 令牌。{scopes}',
  ssh_key_needed:
    '主机 {host} 需要 SSH 密钥。请在项目中添加密钥，并将其公钥添加到仓库，授予写权限。',
  ssh_key_refused: '主机 {host} 拒绝了此 SSH 密钥。请将其公钥添加到仓库，并授予写权限。',
  branch_found: '已找到分支 {branch}。',
  branch_missing: '没有分支 {branch}。仓库中有：{branches}。',
  repository_empty: '仓库还没有分支，请先向 {branch} 推送一次提交。',
  agent_found: '{count} 台机器有 {agent}。',
  agent_missing: '没有机器有 {agent}。请在机器上安装它，或选择其他智能体。',
  agent_unknown: '没有机器有 {agent}。你是指 {nearest} 吗？',
  key_set: '已设置 {agent} 的密钥：{name}。',
  key_missing: '未设置 {agent} 的密钥。请添加机密 {names}，除非机器已提供登录。',
}

export const checkScopes: typeof en.checkScopes = {
  github: '在 GitHub 上授予“Contents: Read and write”，经典令牌授予“repo”。',
  gitlab: '在 GitLab 上授予“write_repository”。',
  gitea: '在 Gitea 上授予“write:repository”。',
  '': '所需权限：GitHub 为“Contents: Read and write”，GitLab 为“write_repository”，Gitea 为“write:repository”。',
}

export const projectChecks: typeof en.projectChecks = {
  check: '检查',
  checking: '正在检查…',
  what: '在一台机器上检查仓库、分支和智能体，不会保存任何内容。',
  details: '详情',
  on: (machine) => `检查所用机器：${machine}`,
  hostKeys: '请与主机公布的主机密钥指纹核对：',
  acceptHostKeys: '接受这些主机密钥',
  goToField: '转到该字段',
  states: {
    passed: '项目已就绪。',
    failed: '请先解决这些问题。',
    untried: '未检查仓库。',
    running: '正在检查…',
  },
  stepStates: { passed: '正常', warning: '警告', failed: '问题', untried: '未检查' },
}
