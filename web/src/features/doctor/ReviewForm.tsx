import { ActionIcon, Button, Checkbox, Group, NativeSelect, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type Ref, useImperativeHandle, useRef, useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { ReportDetail } from '@/api/types';
import { type TextKey, useT } from '@/i18n';
import { Choices } from '@/shared/Choices';
import { Dialog } from '@/shared/Dialog';
import { useFormats } from '@/shared/format';
import { Risk } from '@/shared/Risk';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import classes from './panels.module.css';
import { disagreementReasons, type ReviewForm as Form, fieldsOf, formOf, type MissingField, missingIn } from './review';
import { useDraft } from './useDraft';

export interface ReviewFormHandle {
  sign: () => void;
}

interface ReviewFormProps {
  detail: ReportDetail;
  /** Signing although somebody has signed already. */
  secondOpinion: boolean;
  blocked: boolean;
  /** Whether the doctor still has to confirm whose film it is. */
  identityOpen: boolean;
  onSigned: () => void;
  ref?: Ref<ReviewFormHandle>;
}

/** The doctor's report beside the film; saved as a draft while it is written. */
export function ReviewForm({ detail, secondOpinion, blocked, identityOpen, onSigned, ref }: ReviewFormProps) {
  const t = useT();
  const formats = useFormats();
  const client = useQueryClient();
  const reportId = detail.report.report_id;
  const scored = detail.analysis != null;
  const [form, setForm] = useState<Form>(() => formOf(detail.reviews.find((review) => review.reviewed_at == null)));
  const [asking, setAsking] = useState(false);
  const [tried, setTried] = useState(false);
  const top = useRef<HTMLElement>(null);
  const draft = useDraft(reportId, form);
  const today = new Date().toISOString().slice(0, 10);
  const missing = missingIn(form, scored, today);
  const set = (part: Partial<Form>) => setForm((old) => ({ ...old, ...part }));
  const wrong = (field: MissingField) => (tried && missing.includes(field) ? t(`review.missing.${field}`) : undefined);

  const sign = useMutation({
    mutationFn: async () => {
      await draft.settle();
      return take(
        api.POST('/api/reviews', {
          body: { ...fieldsOf(form), report_id: reportId, second_opinion: secondOpinion },
        }),
      );
    },
    onSuccess: () => {
      draft.stop();
      setAsking(false);
      toast(t('review.signed', { name: detail.report.patient_name }));
      void client.invalidateQueries({ queryKey: ['queue'] });
      void client.invalidateQueries({ queryKey: ['reviews'] });
      void client.invalidateQueries({ queryKey: ['report', reportId] });
      onSigned();
    },
  });
  const ask = () => {
    setTried(true);
    if (identityOpen && !blocked) {
      document.getElementById('identity-heading')?.scrollIntoView({ block: 'center' });
      return;
    }
    if (missing.length > 0 || blocked) {
      top.current?.scrollIntoView({ block: 'start' });
      return;
    }
    sign.reset();
    setAsking(true);
  };
  useImperativeHandle(ref, () => ({ sign: ask }));
  const problem = sign.error ? asProblem(sign.error) : null;

  return (
    <section className={classes.section} aria-labelledby="review-heading" ref={top}>
      <div className={classes.spread}>
        <h2 id="review-heading" className={classes.heading}>
          {t(secondOpinion ? 'review.second' : 'review.title')}
        </h2>
        <Text size="xs" c="dimmed" role="status">
          {draft.error
            ? t('review.draft.failed')
            : draft.savedAt
              ? t('review.draft.saved', { time: formats.time(draft.savedAt) })
              : t('review.draft.none')}
        </Text>
      </div>
      {tried && missing.length > 0 && (
        <Text size="sm" className={classes.wrong} role="alert">
          {t('review.incomplete')}
        </Text>
      )}
      {tried && identityOpen && (
        <Text size="sm" className={classes.wrong} role="alert">
          {t('review.identity')}
        </Text>
      )}
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <Textarea
          label={t('review.findings')}
          description={t('review.findings.text')}
          autosize
          minRows={3}
          maxRows={12}
          withAsterisk
          value={form.findings}
          error={wrong('findings')}
          onChange={(event) => set({ findings: event.currentTarget.value })}
        />
        {scored && (
          <>
            <Choices
              legend={t('review.verdict')}
              name="verdict"
              required
              value={form.verdict}
              error={wrong('verdict')}
              onChange={(verdict) => set({ verdict })}
              options={[
                { value: 'agree', label: t('review.agree') },
                { value: 'disagree', label: t('review.disagree') },
              ]}
            />
            {form.verdict === 'disagree' && (
              <>
                <NativeSelect
                  label={t('review.reason')}
                  withAsterisk
                  value={form.reason}
                  error={wrong('reason')}
                  onChange={(event) => set({ reason: event.currentTarget.value as Form['reason'] })}
                  data={[
                    { value: '', label: t('review.reason.choose') },
                    ...disagreementReasons.map((value) => ({ value, label: t(`review.reason.${value}`) })),
                  ]}
                />
                <TextInput
                  label={t('review.reason.more')}
                  value={form.reasonText}
                  onChange={(event) => set({ reasonText: event.currentTarget.value })}
                />
              </>
            )}
          </>
        )}
        <Choices
          legend={t('review.risk')}
          name="risk"
          required
          value={form.risk}
          error={wrong('risk')}
          onChange={(risk) => set({ risk })}
          options={(['low', 'medium', 'high'] as const).map((value) => ({ value, label: t(`risk.${value}`) }))}
        />
        <Choices
          legend={t('review.urgency')}
          name="urgency"
          required
          value={form.urgency}
          error={wrong('urgency')}
          onChange={(urgency) => set({ urgency })}
          options={(['routine', 'follow_up', 'urgent', 'critical'] as const).map((value) => ({
            value,
            label: t(`urgency.${value}`),
          }))}
        />
        <Textarea
          label={t('review.action')}
          autosize
          minRows={2}
          value={form.action}
          onChange={(event) => set({ action: event.currentTarget.value })}
        />
        <Checkbox
          label={t('review.followUp')}
          checked={form.followUp}
          onChange={(event) => set({ followUp: event.currentTarget.checked })}
        />
        {form.followUp && (
          <TextInput
            type="date"
            label={t('review.followUpDate')}
            min={today}
            withAsterisk
            value={form.followUpDate}
            error={wrong('followUpDate')}
            onChange={(event) => set({ followUpDate: event.currentTarget.value })}
          />
        )}
        <details className={classes.details} open={form.treatment !== '' || form.medication.length > 0 || undefined}>
          <summary>{t('review.more')}</summary>
          <Stack gap="sm" pt="xs">
            <Textarea
              label={t('review.treatment')}
              autosize
              minRows={2}
              value={form.treatment}
              onChange={(event) => set({ treatment: event.currentTarget.value })}
            />
            <MedicationFields form={form} set={set} />
            {scored && (
              <Choices
                legend={t('review.rating')}
                name="rating"
                value={form.rating ? (String(form.rating) as '1') : ''}
                onChange={(rating) => set({ rating: Number(rating) })}
                options={(['1', '2', '3', '4', '5'] as const).map((value) => ({ value, label: value }))}
              />
            )}
            <Textarea
              label={t('review.notes')}
              description={t('review.notes.text')}
              autosize
              minRows={2}
              value={form.notes}
              onChange={(event) => set({ notes: event.currentTarget.value })}
            />
          </Stack>
        </details>
        <Button type="submit" size="md" disabled={blocked}>
          {t('review.sign')}
        </Button>
      </form>
      <Dialog opened={asking} onClose={() => setAsking(false)} title={t('review.confirm')} centered>
        <Stack>
          <Text fw={600}>{detail.report.patient_name}</Text>
          <dl className="facts">
            <dt>{t('review.risk')}</dt>
            <dd>{form.risk && <Risk risk={form.risk} />}</dd>
            <dt>{t('review.urgency')}</dt>
            <dd>{form.urgency && t(`urgency.${form.urgency}` as TextKey)}</dd>
            <dt>{t('review.findings')}</dt>
            <dd className="prewrap">{form.findings}</dd>
          </dl>
          <Text size="sm" c="dimmed">
            {t('review.confirm.text')}
          </Text>
          {problem && <ErrorNote error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsking(false)}>
              {t('common.cancel')}
            </Button>
            <Button data-autofocus loading={sign.isPending} onClick={() => sign.mutate()}>
              {t('review.sign.now')}
            </Button>
          </Group>
        </Stack>
      </Dialog>
    </section>
  );
}

function MedicationFields({ form, set }: { form: Form; set: (part: Partial<Form>) => void }) {
  const t = useT();
  const change = (index: number, part: Partial<Form['medication'][number]>) =>
    set({ medication: form.medication.map((item, at) => (at === index ? { ...item, ...part } : item)) });
  return (
    <Stack gap={6}>
      <Text size="sm" fw={500}>
        {t('review.medication')}
      </Text>
      {form.medication.map((item, index) => (
        <Group key={index} gap={6} wrap="nowrap">
          <TextInput
            aria-label={t('review.medication.name')}
            placeholder={t('review.medication.name')}
            value={item.name}
            onChange={(event) => change(index, { name: event.currentTarget.value })}
          />
          <TextInput
            aria-label={t('review.medication.dose')}
            placeholder={t('review.medication.dose')}
            value={item.dose}
            onChange={(event) => change(index, { dose: event.currentTarget.value })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size={32}
            aria-label={t('common.remove')}
            onClick={() => set({ medication: form.medication.filter((_, at) => at !== index) })}
          >
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={() => set({ medication: [...form.medication, { name: '', dose: '' }] })}
      >
        {t('review.medication.add')}
      </Button>
    </Stack>
  );
}
