import type * as en from '../en/login'

export const login: typeof en.login = {
  title: '登录',
  username: '用户名',
  password: '密码',
  submit: '登录',
  code: '验证器中的验证码，或恢复码',
  wrong: '用户名或密码错误。',
  wrongCode: '验证码不正确，或已被使用。',
}
