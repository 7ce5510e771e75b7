import { IconAlertOctagon, IconAlertTriangle, IconCircleCheck, IconEyeOff, IconHelpCircle } from '@tabler/icons-react';
import type { RiskCategory } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from './format';
import classes from './Risk.module.css';

const icons = {
  high: IconAlertOctagon,
  medium: IconAlertTriangle,
  low: IconCircleCheck,
  none: IconHelpCircle,
  hidden: IconEyeOff,
};

/** A risk: never by colour alone, always icon, word and, where there is one, the score. */
export function Risk({
  risk,
  score,
  size = 18,
  filled = false,
}: {
  risk: RiskCategory | 'hidden' | null | undefined;
  score?: number | null;
  size?: number;
  filled?: boolean;
}) {
  const t = useT();
  const formats = useFormats();
  const kind = risk ?? 'none';
  const Icon = icons[kind];
  return (
    <span className={classes.risk} data-risk={kind} data-filled={filled || undefined}>
      <Icon size={size} stroke={1.8} aria-hidden />
      <strong>{t(`risk.${kind}`)}</strong>
      {score != null && <span className="mono">{formats.score(score)}</span>}
    </span>
  );
}
