import { IconCircleCheck, IconClock, IconHourglassHigh, IconLoader } from '@tabler/icons-react';
import type { ReportStatus } from '@/api/types';
import { useT } from '@/i18n';

const icons = {
  pending: IconHourglassHigh,
  analyzing: IconLoader,
  analyzed: IconClock,
  reviewed: IconCircleCheck,
};

/** Where a report stands: icon and word. */
export function StatusBadge({ status }: { status: ReportStatus }) {
  const t = useT();
  const Icon = icons[status];
  return (
    <span style={{ display: 'inline-flex', gap: 6, alignItems: 'center' }}>
      <Icon size={17} stroke={1.7} aria-hidden />
      {t(`status.${status}`)}
    </span>
  );
}
