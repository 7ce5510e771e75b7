import { Button, Group } from '@mantine/core';
import { useState } from 'react';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { Empty, PageTitle, Shown } from '@/shared/states';
import { Alarms } from './Alarms';
import { Disclosure } from './Disclosure';
import { inOrder, openPromotion } from './governance';
import { ModelSection } from './ModelSection';
import { OpenPromotion } from './OpenPromotion';
import { PastPromotions } from './PastPromotions';
import { useCountFigures, useModels, usePromotions } from './queries';
import './texts';
import { TrainingSetDialog } from './TrainingSetDialog';

/** The place where models are governed: alarms, the promotion that waits, and every model with its figures and acts. */
export function ModelsPage() {
  const t = useT();
  const { user } = useMe();
  const mayManage = user.role === 'tech';
  const models = useModels();
  const promotions = usePromotions();
  const open = openPromotion(promotions.data?.items ?? []);
  const past = promotions.data?.items.filter((each) => each.decision != null) ?? [];
  return (
    <div className="page">
      <PageTitle text={t('models.text')} aside={mayManage && <PageActs />}>
        {t('nav.models')}
      </PageTitle>
      <Shown query={models}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('models.none')}>{t('models.none.text')}</Empty>
          ) : (
            <>
              <Alarms models={items} mayManage={mayManage} />
              <Shown query={promotions} rows={1}>
                {() => open && <OpenPromotion promotion={open} models={items} />}
              </Shown>
              {inOrder(items).map((model) => (
                <ModelSection
                  key={model.model_id}
                  model={model}
                  models={items}
                  mayManage={mayManage}
                  isPromotionOpen={open !== undefined}
                />
              ))}
              {past.length > 0 && (
                <section className="panel">
                  <Disclosure title={t('models.past')} level="h2">
                    {() => <PastPromotions promotions={past} models={items} />}
                  </Disclosure>
                </section>
              )}
            </>
          )
        }
      </Shown>
    </div>
  );
}

/** What tech does about all models. */
function PageActs() {
  const t = useT();
  const count = useCountFigures();
  const [exporting, setExporting] = useState(false);
  return (
    <Group gap="xs">
      <Button variant="default" loading={count.isPending} onClick={() => count.mutate()}>
        {t('models.count')}
      </Button>
      <Button variant="default" onClick={() => setExporting(true)}>
        {t('models.export')}
      </Button>
      {exporting && <TrainingSetDialog onClose={() => setExporting(false)} />}
    </Group>
  );
}
