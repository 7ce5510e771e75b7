import { useParams } from '@tanstack/react-router';
import { ResultPage } from '@/features/patient/ResultPage';
import { UploadedPage } from '@/features/radiologist/UploadedPage';
import { useMe } from './session';

/** A report: a result for its patient, an upload for its sender. */
export function ReportPage() {
  const { reportId } = useParams({ from: '/members/reports/$reportId' });
  const role = useMe().user.role;
  return role === 'patient' ? (
    <ResultPage key={reportId} reportId={reportId} />
  ) : (
    <UploadedPage key={reportId} reportId={reportId} />
  );
}
