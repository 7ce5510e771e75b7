import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { Consent, ConsentKind } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { useErrorText } from '@/shared/problems';
import { Shown } from '@/shared/states';
import { toast } from '@/shared/toast';

/** What is asked of a patient, what holds, and how it came to that. */
export function ConsentList({ patientId, isOwn }: { patientId: string; isOwn: boolean }) {
  const { t } = useSpeech();
  const formats = useFormats();
  const path = { patient_id: patientId };
  const consents = useQuery({
    queryKey: ['privacy', 'consents', patientId],
    queryFn: () => take(api.GET('/api/patients/{patient_id}/consents', { params: { path } })),
  });
  return (
    <Shown query={consents} rows={2}>
      {({ kinds, current, history }) => (
        <Stack>
          {kinds.map((kind) => (
            <KindForm
              key={kind.kind}
              patientId={patientId}
              kind={kind}
              held={current.find((row) => row.kind === kind.kind)}
              isOwn={isOwn}
            />
          ))}
          {kinds.length === 0 && (
            <Text size="sm" c="dimmed">
              {t('privacy.consents.none')}
            </Text>
          )}
          {history.length > 0 && (
            <details>
              <summary>{t('privacy.consents.history')}</summary>
              <ul>
                {history.map((row) => (
                  <li key={row.consent_id}>
                    <Text size="sm">
                      {formats.dateTime(row.recorded_at)} · {row.kind} {row.text_version} ·{' '}
                      {t(row.is_given ? 'privacy.consent.given' : 'privacy.consent.withdrawn')}
                      {row.recorded_by_name && ` · ${t('privacy.consent.by', { name: row.recorded_by_name })}`}
                      {row.evidence && `: ${row.evidence}`}
                    </Text>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </Stack>
      )}
    </Shown>
  );
}

function KindForm({
  patientId,
  kind,
  held,
  isOwn,
}: {
  patientId: string;
  kind: ConsentKind;
  held: Consent | undefined;
  isOwn: boolean;
}) {
  const { t, language } = useSpeech();
  const formats = useFormats();
  const errorText = useErrorText();
  const client = useQueryClient();
  const [evidence, setEvidence] = useState('');
  const spoken = language === 'de' ? 'de' : 'en';
  const title = kind.title[spoken] ?? kind.title.en;
  const record = useMutation({
    mutationFn: (isGiven: boolean) =>
      take(
        api.POST('/api/patients/{patient_id}/consents', {
          params: { path: { patient_id: patientId } },
          body: {
            kind: kind.kind,
            is_given: isGiven,
            text_version: kind.version,
            language: spoken,
            evidence: isOwn ? undefined : evidence.trim(),
          },
        }),
      ),
    onSuccess: (known) => {
      client.setQueryData(['privacy', 'consents', patientId], known);
      setEvidence('');
      toast(t('common.saved'));
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
  const isGiven = held?.is_given ?? false;
  const isOld = isGiven && held?.text_version !== kind.version;
  const isBlocked = !isOwn && !evidence.trim();
  return (
    <section aria-label={title}>
      <Text fw={600}>{title}</Text>
      <Text size="sm" my="xs">
        {kind.text[spoken] ?? kind.text.en}
      </Text>
      <Text size="sm" c="dimmed" mb="xs">
        {held
          ? t(isGiven ? 'privacy.consent.holds' : 'privacy.consent.over', { time: formats.dateTime(held.recorded_at) })
          : t('privacy.consent.never')}
        {isOld && ` ${t('privacy.consent.old')}`}
      </Text>
      {!isOwn && (
        <Textarea
          label={t('privacy.consent.evidence')}
          required
          autosize
          mb="xs"
          maxLength={2000}
          value={evidence}
          onChange={(event) => setEvidence(event.currentTarget.value)}
        />
      )}
      <Group>
        {(!isGiven || isOld) && (
          <Button size="xs" disabled={isBlocked} loading={record.isPending} onClick={() => record.mutate(true)}>
            {t(isOwn ? 'privacy.consent.give' : 'privacy.consent.record')}
          </Button>
        )}
        {(isGiven || (!isOwn && !held)) && (
          <Button
            size="xs"
            variant="default"
            disabled={isBlocked}
            loading={record.isPending}
            onClick={() => record.mutate(false)}
          >
            {t(isOwn ? 'privacy.consent.withdraw' : 'privacy.consent.recordWithdrawn')}
          </Button>
        )}
      </Group>
    </section>
  );
}
