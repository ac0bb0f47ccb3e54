import { useState } from 'react';
import { Form } from 'react-aria-components';
import { ChangePasswordDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { Section } from '../../ui/Section.tsx';

export function Password() {
  const { t } = useTexts();
  const announce = useAnnounce();
  const [currentPassword, setCurrent] = useState('');
  const [newPassword, setNew] = useState('');
  const { run, isPending, problem } = useAction(ChangePasswordDocument);
  const change = async () => {
    const { payload } = await run({ currentPassword, newPassword });
    if (!payload?.done) return;
    setCurrent('');
    setNew('');
    announce(t('profile.passwordChanged'));
  };
  return (
    <Section title={t('field.password')}>
      <Form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void change();
        }}
      >
        <p className="small muted">{t('profile.passwordDetail')}</p>
        <ProblemNotice problem={problem} />
        <Field label={t('field.currentPassword')} name="currentPassword" type="password" autoComplete="current-password" value={currentPassword} onChange={setCurrent} isRequired />
        <Field label={t('field.newPassword')} name="newPassword" type="password" autoComplete="new-password" hint={t('field.passwordHint')} value={newPassword} onChange={setNew} isRequired />
        <div>
          <Button type="submit" isPending={isPending}>
            {t('profile.changePassword')}
          </Button>
        </div>
      </Form>
    </Section>
  );
}
