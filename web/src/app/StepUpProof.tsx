import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem, type Problem } from '@/api/problem';
import { useT } from '@/i18n';
import { CodeInput } from '@/shared/CodeInput';
import { Dialog } from '@/shared/Dialog';
import { PasskeyButton } from '@/shared/PasskeyButton';
import { stepUpByPasskey } from '@/shared/passkeys';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { useMe } from './session';

/** The dialog that asks for a passkey, a code or the password. */
export function Proof({ onDone }: { onDone: (proved: boolean) => void }) {
  const t = useT();
  const me = useMe();
  const fieldText = useFieldText();
  const [secret, setSecret] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await take(api.POST('/api/auth/step-up', { body: me.second_factor ? { code: secret } : { password: secret } }));
      onDone(true);
    } catch (error) {
      setProblem(asProblem(error));
      setSecret('');
      setBusy(false);
    }
  };
  return (
    <Dialog onClose={() => onDone(false)} title={t('stepUp.title')} centered>
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <Text>{t('stepUp.text')}</Text>
          {me.has_passkeys && <PasskeyButton isFirst act={stepUpByPasskey} onDone={() => onDone(true)} />}
          {me.second_factor ? (
            <CodeInput value={secret} onChange={setSecret} />
          ) : (
            <>
              <input type="hidden" name="username" autoComplete="username" value={me.user.email} />
              <PasswordInput
                label={t('auth.password')}
                autoComplete="current-password"
                data-autofocus
                required
                value={secret}
                error={fieldText(problem, 'password')}
                onChange={(event) => setSecret(event.currentTarget.value)}
                visibilityToggleButtonProps={{ 'aria-label': t('auth.showPassword') }}
              />
            </>
          )}
          {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => onDone(false)}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={busy}>
              {t('stepUp.go')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
