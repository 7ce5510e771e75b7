import { Button, Checkbox, Stack, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { ReportDetail } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { ErrorNote } from '@/shared/states';
import { filmIdentities, type IdentityPart, identityParts } from './identity';
import classes from './IdentityNote.module.css';

/** Film and record side by side where they disagree on whose film it is; the doctor confirms before signing. */
export function IdentityNote({ detail, mayConfirm }: { detail: ReportDetail; mayConfirm: boolean }) {
  const t = useT();
  const formats = useFormats();
  const client = useQueryClient();
  const [sure, setSure] = useState(false);
  const [note, setNote] = useState('');
  const reportId = detail.report.report_id;
  const confirm = useMutation({
    mutationFn: () =>
      take(
        api.POST('/api/reviews/queue/{report_id}/identity', {
          params: { path: { report_id: reportId } },
          body: { note: note.trim() || null },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['report', reportId] });
      void client.invalidateQueries({ queryKey: ['queue'] });
    },
  });
  const { identity } = detail;
  if (!identity) return null;
  const films = filmIdentities(detail.images);
  const say = (part: IdentityPart, value: string | null | undefined) => {
    if (!value) return '–';
    if (part === 'birth_date') return /^\d{4}-\d\d-\d\d$/.test(value) ? formats.day(value) : value;
    if (part === 'gender' && ['female', 'male', 'other'].includes(value)) return t(`gender.${value}` as 'gender.male');
    return value;
  };
  const recorded = (part: IdentityPart) =>
    say(part, part === 'birth_date' ? identity.record.date_of_birth : identity.record[part]);
  const done = identity.confirmations.filter((each) => each.is_current);
  const open = mayConfirm ? identity.confirmation_needed : done.length === 0;
  return (
    <section className={classes.note} data-open={open || undefined} aria-labelledby="identity-heading">
      <h2 id="identity-heading" className={classes.heading}>
        {open ? <IconAlertTriangle size={18} aria-hidden /> : <IconCircleCheck size={18} aria-hidden />}
        {t(open ? 'identity.title' : 'identity.confirmed')}
      </h2>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">
              <VisuallyHidden>{t('identity.part')}</VisuallyHidden>
            </th>
            <th scope="col">{t('identity.film')}</th>
            <th scope="col">{t('identity.record')}</th>
          </tr>
        </thead>
        <tbody>
          {identityParts.map((part) => (
            <tr key={part} data-differs={identity.disagreement.includes(part) || undefined}>
              <th scope="row">{t(`identity.${part}`)}</th>
              <td>{[...new Set(films.map((film) => say(part, film[part])))].join(', ') || '–'}</td>
              <td>{recorded(part)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {done.map((each) => (
        <Text key={each.doctor_id} size="sm">
          {t('identity.by', {
            name: each.doctor_name ?? t('common.unknown'),
            time: formats.dateTime(each.confirmed_at),
          })}
          {each.note && `: ${each.note}`}
        </Text>
      ))}
      {open && mayConfirm && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (sure) confirm.mutate();
          }}
        >
          <Stack gap="xs">
            <Text size="sm">{t('identity.text')}</Text>
            <TextInput
              size="xs"
              label={`${t('identity.how')} (${t('common.optional')})`}
              value={note}
              maxLength={2000}
              onChange={(event) => setNote(event.currentTarget.value)}
            />
            <Checkbox
              label={t('identity.sure', { name: detail.report.patient_name })}
              checked={sure}
              onChange={(event) => setSure(event.currentTarget.checked)}
            />
            {confirm.error ? <ErrorNote error={confirm.error} /> : null}
            <Button type="submit" size="xs" disabled={!sure} loading={confirm.isPending}>
              {t('identity.confirm')}
            </Button>
          </Stack>
        </form>
      )}
    </section>
  );
}
