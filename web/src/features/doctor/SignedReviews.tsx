import { Button, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { ReportDetail, Review } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { useErrorText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import { ReportPdf } from '../reports/ReportPdf';
import { ReviewText } from '../reports/ReviewText';
import classes from './panels.module.css';

/** Reviews that are signed: they stay as they are; what comes later is an addendum. */
export function SignedReviews({ detail }: { detail: ReportDetail }) {
  const t = useT();
  const signed = detail.reviews.filter((review) => review.reviewed_at != null);
  return (
    <section className={classes.section} aria-labelledby="signed-heading">
      <h2 id="signed-heading" className={classes.heading}>
        {t('review.signedOnes')}
      </h2>
      <ReleaseState detail={detail} />
      <ReportPdf reportId={detail.report.report_id} size="xs" />
      {signed.map((review) => (
        <div key={review.review_id} className={classes.signed}>
          <ReviewText review={review} addenda={detail.addenda} forStaff />
          <AddendumForm review={review} />
        </div>
      ))}
    </section>
  );
}

function ReleaseState({ detail }: { detail: ReportDetail }) {
  const t = useT();
  const errorText = useErrorText();
  const formats = useFormats();
  const client = useQueryClient();
  const reportId = detail.report.report_id;
  const release = useMutation({
    mutationFn: () => take(api.POST('/api/reports/{report_id}/release', { params: { path: { report_id: reportId } } })),
    onSuccess: () => {
      toast(t('release.done'));
      void client.invalidateQueries({ queryKey: ['report', reportId] });
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
  if (!detail.release) return null;
  if (detail.release.released_at) {
    return <Text size="sm">{t('release.at', { time: formats.dateTime(detail.release.released_at) })}</Text>;
  }
  return (
    <div className={classes.stack}>
      <Text size="sm">
        {t('release.planned', { time: formats.dateTime(detail.release.release_at), reason: detail.release.reason })}
      </Text>
      <Button size="xs" variant="default" loading={release.isPending} onClick={() => release.mutate()}>
        {t('release.now')}
      </Button>
    </div>
  );
}

function AddendumForm({ review }: { review: Review }) {
  const t = useT();
  const client = useQueryClient();
  const [text, setText] = useState('');
  const add = useMutation({
    mutationFn: () =>
      take(
        api.POST('/api/reviews/{review_id}/addenda', {
          params: { path: { review_id: review.review_id } },
          body: { addendum: text.trim() },
        }),
      ),
    onSuccess: () => {
      setText('');
      toast(t('addendum.added'));
      void client.invalidateQueries({ queryKey: ['report', review.report_id] });
    },
  });
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) add.mutate();
      }}
    >
      <Textarea
        label={t('addendum.label')}
        description={t('addendum.text')}
        autosize
        minRows={2}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {add.error ? <ErrorNote error={add.error} /> : null}
      <Button type="submit" size="xs" variant="default" disabled={!text.trim()} loading={add.isPending}>
        {t('addendum.add')}
      </Button>
    </form>
  );
}
