import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { Image, PriorStudy, Report, ReportDetail } from '@/api/types';
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

/** An earlier film to compare with: of a report of the portal, or of a study that was fetched from another archive. */
export interface Prior {
  id: string;
  /** When it was made, or came in. */
  at: string;
  /** The archive that it was fetched from. */
  archive?: string;
  /** Which film of its study, where that has several. */
  number?: number;
  /** The film, where it is known without asking for the report. */
  film?: Film;
}

/** Whether a film is awaited, so that the page looks again. */
const AGAIN_MS = 3000;

const archivesQuery = (reportId: string) => ({
  queryKey: ['report', reportId, 'priors'],
  queryFn: () => take(api.GET('/api/reports/{report_id}/priors', { params: { path: { report_id: reportId } } })),
});

/** Earlier studies of the patient in other archives. */
export function useArchives(reportId: string) {
  return useQuery({
    ...archivesQuery(reportId),
    refetchInterval: ({ state }) =>
      state.data?.studies.some((study) => study.state === 'fetching') ? AGAIN_MS : false,
  });
}

/** Has an earlier study fetched from its archive. */
export function useFetchPrior(reportId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (priorId: string) =>
      take(
        api.POST('/api/reports/{report_id}/priors/{prior_id}/fetch', {
          params: { path: { report_id: reportId, prior_id: priorId } },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: archivesQuery(reportId).queryKey }),
  });
}

/** The films of earlier studies that were fetched. */
function fetchedFilms(studies: PriorStudy[]): Prior[] {
  return studies.flatMap((study) =>
    study.images.map((image, index) => ({
      id: image.image_id,
      at: study.made_at ?? study.found_at,
      archive: study.archive,
      ...(study.images.length > 1 && { number: index + 1 }),
      film: filmOf(image),
    })),
  );
}

/** Earlier films of the patient, newest first, and the one that is chosen for comparison. */
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
  const archives = useArchives(report.report_id);
  const own: Prior[] = (list.data?.items ?? [])
    .filter((other) => other.report_id !== report.report_id && other.upload_date < report.upload_date)
    .map((other) => ({ id: other.report_id, at: other.upload_date }));
  const priors = [...own, ...fetchedFilms(archives.data?.studies ?? [])].sort((a, b) => b.at.localeCompare(a.at));
  const prior = priors.find((each) => each.id === chosen) ?? priors[0];
  const detail = useQuery({
    ...reportQuery(prior?.id ?? ''),
    enabled: wanted && prior !== undefined && prior.film === undefined,
  });
  const image = detail.data?.images[0];
  return { priors, prior, film: prior?.film ?? (image ? filmOf(image) : null), choose: setChosen };
}
