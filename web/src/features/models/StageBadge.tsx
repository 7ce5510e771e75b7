import { Badge } from '@mantine/core';
import {
  IconArchive,
  IconCircleCheck,
  IconCircleDashed,
  IconEyeOff,
  IconPlayerPause,
} from '@tabler/icons-react';
import type { ModelStage } from '@/api/types';
import { useT } from '@/i18n';
import classes from './models.module.css';

const icons = {
  registered: IconCircleDashed,
  shadow: IconEyeOff,
  active: IconCircleCheck,
  suspended: IconPlayerPause,
  retired: IconArchive,
};

/** What a model is there for, in a word and a sign. */
export function StageBadge({ stage }: { stage: ModelStage }) {
  const t = useT();
  const Icon = icons[stage];
  return (
    <Badge
      className={classes.stage}
      data-stage={stage}
      variant="outline"
      color="gray"
      c="var(--mantine-color-text)"
      size="lg"
      leftSection={<Icon size={15} aria-hidden />}
    >
      {t(`models.stage.${stage}`)}
    </Badge>
  );
}
