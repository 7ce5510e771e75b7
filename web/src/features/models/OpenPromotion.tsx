import { Button, Group, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { Model, Promotion } from '@/api/types';
import { useMe } from '@/app/session';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { ReasonDialog } from '@/shared/ReasonDialog';
import { ComparisonView } from './ComparisonView';
import { comparisonOf, decisionsOf, nameOf } from './governance';
import classes from './models.module.css';
import { useRenewModels } from './queries';

/** The request that waits for a second person, with the figures that were at hand when it was made. */
export function OpenPromotion({ promotion, models }: { promotion: Promotion; models: Model[] }) {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const renew = useRenewModels();
  const { user } = useMe();
  const decisions = decisionsOf(promotion, user.id, user.role);
  const [decision, setDecision] = useState<(typeof decisions)[number] | null>(null);
  const name = nameOf(models, promotion.model_id);
  const replaced = promotion.replaces_model_id ? nameOf(models, promotion.replaces_model_id) : null;
  const comparison = comparisonOf(promotion.comparison);
  return (
    <section className={`panel ${classes.promotion}`} aria-labelledby="open-promotion">
      <Title order={2} fz={19} id="open-promotion">
        {t('models.promotion', { name })}
      </Title>
      <Text mt={4}>
        {replaced ? t('models.promotion.replaces', { name, replaced }) : t('models.promotion.first', { name })}
      </Text>
      <dl className="facts" style={{ marginTop: 12 }}>
        <dt>{t('models.promotion.by')}</dt>
        <dd>
          {promotion.requested_by_name ?? maybe(`models.as.${promotion.requested_as}`) ?? promotion.requested_as},{' '}
          {formats.dateTime(promotion.requested_at)}
        </dd>
        <dt>{t('models.reason')}</dt>
        <dd className="prewrap">{promotion.reason}</dd>
      </dl>
      {comparison ? (
        <ComparisonView
          comparison={comparison}
          first={nameOf(models, comparison.model_id)}
          second={nameOf(models, comparison.other_model_id)}
        />
      ) : (
        <Text size="sm" c="dimmed" mt="sm">
          {t('models.promotion.alone')}
        </Text>
      )}
      <Group gap="xs" mt="md">
        {decisions.map((each) => (
          <Button key={each} variant={each === 'approved' ? 'filled' : 'default'} onClick={() => setDecision(each)}>
            {t(`models.decide.${each}`)}
          </Button>
        ))}
      </Group>
      {decisions.includes('withdrawn') && (
        <Text size="sm" c="dimmed" mt="xs">
          {t('models.promotion.second')}
        </Text>
      )}
      {decision && (
        <ReasonDialog
          onSettled={renew}
          title={t(`models.decide.${decision}.title`, { name })}
          text={t(`models.decide.${decision}.text`)}
          act={t(`models.decide.${decision}`)}
          done={t(`models.decide.${decision}.done`, { name })}
          run={(reason) =>
            take(
              api.POST('/api/models/promotions/{promotion_id}/decision', {
                params: { path: { promotion_id: promotion.promotion_id } },
                body: { decision, reason },
              }),
            )
          }
          onClose={() => setDecision(null)}
        />
      )}
    </section>
  );
}
