import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useT } from '@/i18n';

/** The signed report as a PDF file: the review that counts, with its addenda. */
export function ReportPdf({ reportId, size }: { reportId: string; size?: 'xs' }) {
  const t = useT();
  return (
    <Button
      component="a"
      href={`/api/reports/${reportId}/pdf`}
      download={`report-${reportId}.pdf`}
      variant="default"
      size={size}
      mt="sm"
      className="no-print"
      leftSection={<IconDownload size={size ? 16 : 18} aria-hidden />}
    >
      {t('result.pdf')}
    </Button>
  );
}
