import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { Image, Report, ReportDetail } from '@/api/types';
import { frameAddress, requestFrame } from '../viewer/frames';
import type { Film } from '../viewer/Stage';
import { spacingOf } from '../viewer/spacing';

export const reportQuery = (reportId: string) => ({
  queryKey: ['report', reportId],
  queryFn: (): Promise<ReportDetail> =>
    take(api.GET('/api/reports/{report_id}', { params: { path: { report_id: reportId } } })),
});

/** A report that is opened for reading: its film is asked for at once, while the page is still being built. */
export const caseQuery = (reportId: string) => ({
  ...reportQuery(reportId),
  queryFn: async (): Promise<ReportDetail> => {
    const detail = await reportQuery(reportId).queryFn();
    const image = detail.images[0];
    // What goes wrong is said where the film is shown.
    if (image) requestFrame(frameAddress(reportId, image.image_id)).catch(() => undefined);
    return detail;
  },
});

/** An image as the viewer takes it. */
export function filmOf(image: Image): Film {
  return { reportId: image.report_id, imageId: image.image_id, spacing: spacingOf(image.dicom_metadata) };
}

/** The patient's earlier reports, and the film of the one that is chosen for comparison. */
export function usePriors(report: Report, wanted: boolean) {
  const [chosen, setChosen] = useState<string | null>(null);
  const list = useQuery({
    queryKey: ['reports', 'of-patient', report.patient_id],
    queryFn: () =>
      take(
        api.GET('/api/reports', {
          params: { query: { patient_id: report.patient_id, sort: '-upload_date', limit: 50 } },
        }),
      ),
  });
  const priors = (list.data?.items ?? []).filter(
    (other) => other.report_id !== report.report_id && other.upload_date < report.upload_date,
  );
  const priorId = chosen ?? priors[0]?.report_id;
  const detail = useQuery({ ...reportQuery(priorId ?? ''), enabled: wanted && priorId !== undefined });
  const image = detail.data?.images[0];
  return {
    priors,
    priorId,
    choose: setChosen,
    prior: image ? filmOf(image) : null,
    priorReport: priors.find((other) => other.report_id === priorId),
  };
}
