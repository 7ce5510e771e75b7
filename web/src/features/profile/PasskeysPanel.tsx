import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, take } from '@/api/client';
import type { Passkey } from '@/api/types';
import { meQuery } from '@/app/session';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { useFormats } from '@/shared/format';
import { makePasskey, useHasPasskeys } from '@/shared/passkeys';
import { useErrorText } from '@/shared/problems';
import { RecoveryCodes } from '@/shared/RecoveryCodes';
import { browserName } from '@/shared/SessionRows';
import { ErrorNote, Shown } from '@/shared/states';
import { toast } from '@/shared/toast';

/** The own passkeys: added, renamed, taken away. */
export function PasskeysPanel() {
  const t = useT();
  const errorText = useErrorText();
  const client = useQueryClient();
  const isOffered = useHasPasskeys();
  const [naming, setNaming] = useState<Passkey | 'new' | null>(null);
  const [recovery, setRecovery] = useState<string[]>([]);
  const query = useQuery({ queryKey: ['passkeys'], queryFn: () => take(api.GET('/api/auth/passkeys')) });
  const refresh = () => {
    for (const queryKey of [['passkeys'], ['second-factor'], ['sessions'], meQuery.queryKey])
      void client.invalidateQueries({ queryKey });
  };
  const remove = useMutation({
    mutationFn: (passkey_id: string) =>
      take(api.DELETE('/api/auth/passkeys/{passkey_id}', { params: { path: { passkey_id } } })),
    onSuccess: () => {
      toast(t('passkey.removed'));
      refresh();
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
  const add = async (name: string) => {
    const options = await take(api.POST('/api/auth/passkeys/options'));
    const credential = await makePasskey(options);
    const { recovery_codes } = await take(api.POST('/api/auth/passkeys', { body: { name, credential } }));
    if (recovery_codes?.length) setRecovery(recovery_codes);
    else toast(t('passkey.added'));
  };
  const rename = (passkey_id: string, name: string) =>
    take(api.PATCH('/api/auth/passkeys/{passkey_id}', { params: { path: { passkey_id } }, body: { name } }));
  const save = async (name: string) => {
    if (naming === 'new') await add(name);
    else if (naming) await rename(naming.passkey_id, name);
    setNaming(null);
    refresh();
  };
  return (
    <section className="panel">
      <Title order={2} fz={17} mb="sm">
        {t('passkey.title')}
      </Title>
      <Stack>
        <Text size="sm">{t(isOffered ? 'passkey.text' : 'problem.passkeys_not_set_up')}</Text>
        <Shown query={query} rows={1}>
          {({ items }) => (
            <PasskeyRows items={items} onRename={setNaming} onRemove={(id) => remove.mutate(id)} busy={remove.isPending} />
          )}
        </Shown>
        {isOffered && <Button onClick={() => setNaming('new')}>{t('passkey.add')}</Button>}
      </Stack>
      {naming && (
        <Dialog
          onClose={() => setNaming(null)}
          title={t(naming === 'new' ? 'passkey.add' : 'passkey.rename')}
          centered
        >
          <NameForm
            initial={naming === 'new' ? browserName(navigator.userAgent) : naming.name}
            action={t(naming === 'new' ? 'stepUp.go' : 'common.save')}
            onName={save}
          />
        </Dialog>
      )}
      {recovery.length > 0 && (
        <Dialog onClose={() => undefined} withCloseButton={false} title={t('passkey.added')} centered>
          <RecoveryCodes codes={recovery} onDone={() => setRecovery([])} />
        </Dialog>
      )}
    </section>
  );
}

function PasskeyRows({
  items,
  busy,
  onRename,
  onRemove,
}: {
  items: Passkey[];
  busy: boolean;
  onRename: (passkey: Passkey) => void;
  onRemove: (passkeyId: string) => void;
}) {
  const t = useT();
  const formats = useFormats();
  return (
    <Stack gap="sm">
      {items.map((passkey) => (
        <div key={passkey.passkey_id} className="row" style={{ justifyContent: 'space-between' }}>
          <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
            <Text size="sm" fw={600}>
              {passkey.name}
            </Text>
            <Text size="xs" c="dimmed">
              {t('passkey.made', { time: formats.dateTime(passkey.created_at) })} ·{' '}
              {passkey.last_used_at
                ? t('passkey.used', { time: formats.dateTime(passkey.last_used_at) })
                : t('passkey.unused')}
            </Text>
          </div>
          <Group gap="xs">
            <Button
              size="xs"
              variant="default"
              aria-label={`${t('passkey.rename')}: ${passkey.name}`}
              onClick={() => onRename(passkey)}
            >
              {t('passkey.rename')}
            </Button>
            <Button
              size="xs"
              variant="default"
              disabled={busy}
              aria-label={`${t('common.remove')}: ${passkey.name}`}
              onClick={() => onRemove(passkey.passkey_id)}
            >
              {t('common.remove')}
            </Button>
          </Group>
        </div>
      ))}
    </Stack>
  );
}

/** Asks what a passkey is to be called. */
function NameForm({
  initial,
  action,
  onName,
}: {
  initial: string;
  action: string;
  onName: (name: string) => Promise<void>;
}) {
  const t = useT();
  const [name, setName] = useState(initial);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await onName(name);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput
          label={t('passkey.name')}
          description={t('passkey.name.text')}
          data-autofocus
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {error ? <ErrorNote error={error} /> : null}
        <Button type="submit" loading={busy}>
          {action}
        </Button>
      </Stack>
    </form>
  );
}
