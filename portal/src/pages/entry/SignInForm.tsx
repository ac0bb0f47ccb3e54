import { type ReactNode, useEffect, useState } from 'react';
import { Form } from 'react-aria-components';
import { SignInDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { deviceOf, rememberDevice, type Session } from '../../api/session.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { Notice, ProblemNotice } from '../../ui/Notice.tsx';

interface SignInFormProps {
  onSignedIn: (session: Session) => void;
  children?: ReactNode;
}

export function SignInForm({ onSignedIn, children }: SignInFormProps) {
  const { t } = useTexts();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { run, isPending, problem } = useAction(SignInDocument, { isPublic: true });
  const secondsLeft = useSecondsLeft(problem?.code === 'THROTTLED' ? problem.retryAfterSeconds : null, problem);
  const submit = async () => {
    const { payload } = await run({ email, password, device: deviceOf(email) });
    rememberDevice(email, payload?.device);
    if (payload?.tokens) onSignedIn(payload.tokens);
  };
  return (
    <Form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {secondsLeft > 0 ? <Notice tone="warn"><p>{t('signIn.throttled', { time: clock(secondsLeft) })}</p></Notice> : problem?.code !== 'THROTTLED' && <ProblemNotice problem={problem} />}
      <Field label={t('field.email')} name="email" type="email" autoComplete="username" value={email} onChange={setEmail} isRequired />
      <Field label={t('field.password')} name="password" type="password" autoComplete="current-password" value={password} onChange={setPassword} isRequired />
      <Button type="submit" variant="primary" isPending={isPending} isDisabled={secondsLeft > 0}>
        {t('signIn.submit')}
      </Button>
      {children}
    </Form>
  );
}

// The seconds that are left, counted down from `seconds` at each new problem.
function useSecondsLeft(seconds: number | null, restart: unknown): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const endsAt = Date.now() + (seconds ?? 0) * 1000;
    const update = () => setLeft(Math.max(0, Math.ceil((endsAt - Date.now()) / 1000)));
    update();
    const timer = setInterval(update, 1000);
    return () => clearInterval(timer);
  }, [seconds, restart]);
  return left;
}

// Minutes and seconds, as 1:05.
function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
