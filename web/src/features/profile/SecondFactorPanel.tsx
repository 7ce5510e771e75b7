import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { meQuery } from '@/app/session';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { useFormats } from '@/shared/format';
import { useErrorText } from '@/shared/problems';
import { RecoveryCodes } from '@/shared/RecoveryCodes';
import { Shown } from '@/shared/states';
import { TotpSetup, type Setup } from '@/shared/TotpSetup';
import { toast } from '@/shared/toast';

/** The own second factor: set up, taken away, its recovery codes made anew. */
export function SecondFactorPanel() {
  const t = useT();
  const errorText = useErrorText();
  const formats = useFormats();
  const client = useQueryClient();
  const [setup, setSetup] = useState<Setup | null>(null);
  const [recovery, setRecovery] = useState<string[]>([]);
  const query = useQuery({ queryKey: ['second-factor'], queryFn: () => take(api.GET('/api/auth/second-factor')) });
  const refresh = () => {
    for (const queryKey of [['second-factor'], ['sessions'], meQuery.queryKey]) void client.invalidateQueries({ queryKey });
  };
  const onError = (error: unknown) => toast(errorText(error), 'bad');
  const begin = useMutation({
    mutationFn: () => take(api.POST('/api/auth/second-factor/totp')),
    onSuccess: setSetup,
    onError,
  });
  const renew = useMutation({
    mutationFn: () => take(api.POST('/api/auth/second-factor/recovery-codes')),
    onSuccess: ({ recovery_codes }) => setRecovery(recovery_codes),
    onError,
  });
  const remove = useMutation({
    mutationFn: () => take(api.DELETE('/api/auth/second-factor/totp')),
    onSuccess: () => {
      toast(t('factor.removed'));
      refresh();
    },
    onError,
  });
  const confirm = async (code: string) => {
    const { recovery_codes } = await take(api.POST('/api/auth/second-factor/totp/confirm', { body: { code } }));
    setSetup(null);
    setRecovery(recovery_codes);
  };
  return (
    <section className="panel">
      <Title order={2} fz={17} mb="sm">
        {t('factor.title')}
      </Title>
      <Shown query={query} rows={2}>
        {({ totp_since, passkeys, recovery_codes_left, is_required }) => (
          <Stack>
            <Text size="sm">
              {totp_since ? t('factor.since', { time: formats.dateTime(totp_since) }) : t('factor.text')}
            </Text>
            {(totp_since || passkeys > 0) && (
              <>
                <Text size="sm">{t('factor.left', { count: recovery_codes_left })}</Text>
                <Group>
                  <Button variant="default" loading={renew.isPending} onClick={() => renew.mutate()}>
                    {t('factor.renew')}
                  </Button>
                  {totp_since && (!is_required || passkeys > 0) && (
                    <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
                      {t('factor.remove')}
                    </Button>
                  )}
                </Group>
              </>
            )}
            {!totp_since && (
              <Button loading={begin.isPending} onClick={() => begin.mutate()}>
                {t('factor.setUp')}
              </Button>
            )}
          </Stack>
        )}
      </Shown>
      {setup && (
        <Dialog onClose={() => setSetup(null)} title={t('factor.setUp')} centered>
          <TotpSetup setup={setup} onCode={confirm} />
        </Dialog>
      )}
      {recovery.length > 0 && (
        <Dialog onClose={() => undefined} withCloseButton={false} title={t('factor.title')} centered>
          <RecoveryCodes
            codes={recovery}
            onDone={() => {
              setRecovery([]);
              refresh();
            }}
          />
        </Dialog>
      )}
    </section>
  );
}
