import { useState } from 'react';
import { graphql, useMutation } from 'react-relay';
import { setToken } from './environment.js';

const SIGN_IN = graphql`
  mutation SignInMutation($input: SignInInput!) {
    signIn(input: $input) {
      tokens { accessToken }
      userErrors { code message path }
    }
  }
`;

export function SignIn({ onSignedIn }) {
  const [signIn, isInFlight] = useMutation(SIGN_IN);
  const [notice, setNotice] = useState('');

  function submit(form) {
    const input = { email: form.get('email'), password: form.get('password') };
    signIn({
      variables: { input },
      onCompleted({ signIn }, errors) {
        if (!signIn?.tokens) return setNotice((errors ?? signIn.userErrors)[0].message);
        setToken(signIn.tokens.accessToken);
        onSignedIn();
      },
      onError: (error) => setNotice(error.message),
    });
  }

  return (
    <form action={submit}>
      <h1>Sign in</h1>
      <p><label>E-mail <input name="email" type="email" autoComplete="username" required /></label></p>
      <p><label>Password <input name="password" type="password" autoComplete="current-password" required /></label></p>
      <button disabled={isInFlight}>Sign in</button>
      <p role="status">{notice}</p>
    </form>
  );
}
