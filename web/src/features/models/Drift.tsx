import { Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { QuantityDrift } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { DriftBars } from './DriftBars';
import classes from './models.module.css';

/** Whether scores and pictures are still spread as over the model's first cases, quantity by quantity. */
export function Drift({ drift, hasReference }: { drift: QuantityDrift[]; hasReference: boolean }) {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  return (
    <>
      <Title order={4} fz={15} mt="lg" mb={4}>
        {t('models.drift')}
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        {t('models.drift.text')}
      </Text>
      {drift.length === 0 ? (
        <Text size="sm">{t(hasReference ? 'models.drift.few' : 'models.drift.noReference')}</Text>
      ) : (
        <ul className={classes.drifts}>
          {drift.map((one) => {
            const Icon = one.has_drifted ? IconAlertTriangle : IconCircleCheck;
            const name = maybe(`models.quantity.${one.quantity}`) ?? one.quantity;
            return (
              <li key={one.quantity} data-drifted={one.has_drifted || undefined}>
                <div className={classes.driftHead}>
                  <strong>{name}</strong>
                  <span className={classes.state}>
                    <Icon size={17} aria-hidden />
                    {t(one.has_drifted ? 'models.drift.yes' : 'models.drift.no')}
                  </span>
                </div>
                <DriftBars drift={one} name={name} />
                <Text size="xs" c="dimmed">
                  {t('models.drift.index', { index: formats.score(one.index), limit: formats.score(one.limit) })}
                </Text>
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}
