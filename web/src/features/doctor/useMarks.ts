import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, take } from '@/api/client';
import type { ReportDetail } from '@/api/types';
import { useErrorText } from '@/shared/problems';
import { toast } from '@/shared/toast';
import type { Mark, MarkDocument } from '../viewer/documents';

/** Saves the doctor's marks with the report a moment after they were changed. */
export function useSaveMarks(detail: ReportDetail, own: Mark[], mayWrite: boolean) {
  const client = useQueryClient();
  const errorText = useErrorText();
  const reportId = detail.report.report_id;
  // Marks on the report's other films stay as they are while one film is open.
  const all = useRef(own);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pending = useRef(false);

  const save = async () => {
    if (!pending.current) return;
    pending.current = false;
    const document: MarkDocument = { version: 1, marks: all.current };
    try {
      await take(
        api.PUT('/api/reports/{report_id}/annotations', {
          params: { path: { report_id: reportId } },
          body: { content: document as never },
        }),
      );
      void client.invalidateQueries({ queryKey: ['report', reportId], refetchType: 'none' });
    } catch (error) {
      pending.current = true;
      toast(errorText(error), 'bad');
    }
  };
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      void save();
    },
    [reportId],
  );

  return (image: string, marks: Mark[]) => {
    if (!mayWrite) return;
    all.current = [...all.current.filter((mark) => mark.image !== image), ...marks];
    pending.current = true;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void save(), 700);
  };
}
