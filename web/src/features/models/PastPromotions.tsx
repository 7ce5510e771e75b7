import { Text } from '@mantine/core';
import type { Model, Promotion } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { nameOf } from './governance';
import classes from './models.module.css';

/** The requests that were decided, with both reasons. */
export function PastPromotions({ promotions, models }: { promotions: Promotion[]; models: Model[] }) {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const who = (name: string | null | undefined, as: string | null | undefined) =>
    name ?? maybe(`models.as.${as}`) ?? as ?? '–';
  return (
    <ol className={classes.history}>
      {promotions.map((each) => (
        <li key={each.promotion_id}>
          <strong>
            {nameOf(models, each.model_id)}: {each.decision && t(`models.decision.${each.decision}`)}
          </strong>
          <div className="prewrap">{each.reason}</div>
          <Text size="xs" c="dimmed">
            {t('models.past.asked', {
              name: who(each.requested_by_name, each.requested_as),
              time: formats.dateTime(each.requested_at),
            })}
          </Text>
          <div className="prewrap">{each.decision_reason}</div>
          <Text size="xs" c="dimmed">
            {t('models.past.decided', {
              name: who(each.decided_by_name, each.decided_as),
              time: formats.dateTime(each.decided_at),
            })}
          </Text>
        </li>
      ))}
    </ol>
  );
}
