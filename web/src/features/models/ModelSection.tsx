import { Text, Title } from '@mantine/core';
import type { Model } from '@/api/types';
import { useT } from '@/i18n';
import { ComparePanel } from './ComparePanel';
import { Disclosure } from './Disclosure';
import { scores } from './governance';
import { History } from './History';
import { ModelActs } from './ModelActs';
import { ModelFacts } from './ModelFacts';
import classes from './models.module.css';
import { StageBadge } from './StageBadge';
import { Standing } from './Standing';

/** One model: what it is there for, what can be done to it, how it stands, its card, its history. */
export function ModelSection({
  model,
  models,
  mayManage,
  isPromotionOpen,
}: {
  model: Model;
  models: Model[];
  mayManage: boolean;
  isPromotionOpen: boolean;
}) {
  const t = useT();
  const isScoring = scores(model.stage);
  const active = models.find((each) => each.is_active);
  return (
    <section className={`panel ${classes.model}`} aria-labelledby={`model-${model.model_id}`}>
      <div className="row" style={{ alignItems: 'center' }}>
        <Title order={2} fz={19} id={`model-${model.model_id}`}>
          {model.model_name} {model.version}
        </Title>
        <StageBadge stage={model.stage} />
      </div>
      <Text size="sm" c="dimmed" mt={4}>
        {t(`models.stage.${model.stage}.text`)}
      </Text>
      <ModelActs model={model} mayManage={mayManage} isPromotionOpen={isPromotionOpen} />
      <Disclosure title={t('models.standing')} isOpen={model.is_active}>
        {() => <Standing modelId={model.model_id} isScoring={isScoring} mayManage={mayManage} />}
      </Disclosure>
      {active && active.model_id !== model.model_id && (
        <Disclosure title={t('models.compare')}>{() => <ComparePanel active={active} other={model} />}</Disclosure>
      )}
      <Disclosure title={t('models.card')} isOpen={model.is_active}>
        {() => <ModelFacts model={model} />}
      </Disclosure>
      <Disclosure title={t('models.history')}>{() => <History modelId={model.model_id} models={models} />}</Disclosure>
    </section>
  );
}
