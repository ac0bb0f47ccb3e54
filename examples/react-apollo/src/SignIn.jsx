import { useMutation } from '@apollo/client/react';
import { useState } from 'react';
import { setToken } from './client.js';
import { SIGN_IN } from './documents.js';

export function SignIn({ onSignedIn }) {
  const [signIn, { loading }] = useMutation(SIGN_IN);
  const [notice, setNotice] = useState('');

  async function submit(form) {
    const input = { email: form.get('email'), password: form.get('password') };
    try {
      const { tokens, userErrors } = (await signIn({ variables: { input } })).data.signIn;
      if (!tokens) return setNotice(userErrors[0].message);
      setToken(tokens.accessToken);
      onSignedIn();
    } catch (error) {
      setNotice(error.message);
    }
  }

  return (
    <form action={submit}>
      <h1>Sign in</h1>
      <p><label>E-mail <input name="email" type="email" autoComplete="username" required /></label></p>
      <p><label>Password <input name="password" type="password" autoComplete="current-password" required /></label></p>
      <button disabled={loading}>Sign in</button>
      <p role="status">{notice}</p>
    </form>
  );
}
