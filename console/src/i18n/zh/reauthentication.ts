import type * as en from '../en/reauthentication'

export const reauthentication: typeof en.reauthentication = {
  title: '确认是你本人',
  about: '这项操作在本次登录结束后仍然有效，因此需要你在最近十分钟内确认过身份。',
  password: '密码',
  code: '身份验证器中的验证码',
  codeHint: '两者填一个即可。',
  submit: '确认',
  by: (provider) => `在 ${provider} 重新登录`,
  refused: '登录的不是你本人，或没有重新登录：身份没有得到确认。',
  byAbout: '之后会回到此页面，请再执行一次操作。',
}
