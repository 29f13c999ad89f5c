export const login = {
  title: 'Sign in',
  to: (host: string) => `to ${host}`,
  username: 'Username',
  password: 'Password',
  showPassword: 'Show password',
  hidePassword: 'Hide password',
  submit: 'Sign in',
  or: 'or',
  codeTitle: 'Enter your code',
  codeAbout: 'The six digits from your authenticator app, or a recovery code.',
  code: 'Code',
  confirm: 'Confirm',
  back: 'Back',
  wrong: 'Wrong username or password.',
  wrongCode: 'This code is wrong or already used. Enter a new one.',
  left: (tries: number) => (tries === 1 ? '1 attempt left.' : `${tries} attempts left.`),
  rest: (minutes: number) =>
    minutes === 1
      ? 'Too many attempts. Try again in 1 minute.'
      : `Too many attempts. Try again in ${minutes} minutes.`,
  insecureTitle: "Signing in here isn't secure",
  insecure: (host: string) =>
    `${host} uses plain HTTP. Others on the network can read your traffic, and browsers turn off features the console needs. Open it with https://, or on the server itself at http://localhost.`,
  insecureHow:
    'To enable HTTPS, the server operator sets MUSTER_TLS_CERT and MUSTER_TLS_KEY, or uses a proxy.',
  passwordOff: 'Password sign-in is off. Use single sign-on.',
  providerRefused: {
    invalid_sign_in: "The provider's response wasn't valid. Sign in again.",
    account_exists: 'You already have an account here. Sign in without the invitation.',
    invitation_accepted: 'This invitation has already been used.',
    invitation_expired: 'This invitation has expired. Ask for a new one.',
    invitation_not_found: 'There is no such invitation any more. Ask for a new one.',
    invitation_other_email: 'This invitation is for another email address.',
    invitation_withdrawn: 'This invitation was withdrawn.',
    inviter_disabled: 'The person who invited you is no longer an admin. Ask for a new invitation.',
    sign_in_refused:
      'No account on this server allows this sign-in. Ask an admin: the audit log has details.',
    unavailable: "Couldn't reach the provider. Try again in a minute.",
  } as Record<string, string>,
}
