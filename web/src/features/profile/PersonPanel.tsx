import { Button, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import { meQuery, useMe } from '@/app/session';
import { useT } from '@/i18n';
import { factsQuery } from '@/shared/facts';
import { useFormats } from '@/shared/format';
import { useErrorText, useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';

/** Whether mail reaches the owner, and a way to show it. */
function AddressNote() {
  const t = useT();
  const errorText = useErrorText();
  const me = useMe();
  const { data: facts } = useQuery(factsQuery);
  const send = useMutation({
    mutationFn: () => take(api.POST('/api/auth/address/code')),
    onSuccess: () => toast(t('verify.sent')),
    onError: (error) => toast(errorText(error), 'bad'),
  });
  if (me.email_verified) return <Text size="sm">{t('verify.isVerified')}</Text>;
  if (!facts?.sends_mail) return null;
  return (
    <Text size="sm">
      {t('verify.open')}{' '}
      <Button size="compact-xs" variant="default" loading={send.isPending} onClick={() => send.mutate()}>
        {t('verify.send')}
      </Button>
    </Text>
  );
}

export function PersonPanel() {
  const t = useT();
  const fieldText = useFieldText();
  const formats = useFormats();
  const me = useMe();
  const client = useQueryClient();
  const [name, setName] = useState(me.user.name);
  const [phone, setPhone] = useState(me.user.phone ?? '');
  const save = useMutation({
    mutationFn: () => take(api.PATCH('/api/auth/me', { body: { name, phone } })),
    onSuccess: () => {
      toast(t('common.saved'));
      void client.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  return (
    <section className="panel">
      <Title order={2} fz={17} mb="sm">
        {t('profile.person')}
      </Title>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <TextInput
            label={t('auth.name')}
            autoComplete="name"
            required
            value={name}
            error={fieldText(problem, 'name')}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label={t('auth.phone')}
            type="tel"
            autoComplete="tel"
            value={phone}
            error={fieldText(problem, 'phone')}
            onChange={(event) => setPhone(event.currentTarget.value)}
          />
          <AddressNote />
          {me.user.date_of_birth && (
            <dl className="facts">
              <dt>{t('auth.birthDate')}</dt>
              <dd>{formats.day(me.user.date_of_birth)}</dd>
            </dl>
          )}
          {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
          <Button type="submit" loading={save.isPending}>
            {t('common.save')}
          </Button>
        </Stack>
      </form>
    </section>
  );
}
