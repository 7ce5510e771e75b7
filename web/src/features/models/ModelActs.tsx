import { Button, Group } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { api, take } from '@/api/client';
import type { Model } from '@/api/types';
import { useT } from '@/i18n';
import { ReasonDialog } from '@/shared/ReasonDialog';
import { type Act, actsOf } from './governance';
import { useRenewModels } from './queries';
import { RecalibrateDialog } from './RecalibrateDialog';

/** What tech can do to a model in its stage, and its report for everybody. */
export function ModelActs({
  model,
  mayManage,
  isPromotionOpen,
}: {
  model: Model;
  mayManage: boolean;
  isPromotionOpen: boolean;
}) {
  const t = useT();
  const renew = useRenewModels();
  const [act, setAct] = useState<Act | null>(null);
  const name = `${model.model_name} ${model.version}`;
  const close = () => setAct(null);
  return (
    <Group gap="xs" my="sm" role="group" aria-label={t('models.acts', { name })}>
      {mayManage &&
        actsOf(model.stage, isPromotionOpen).map((each) => (
          <Button key={each} size="xs" variant="default" onClick={() => setAct(each)}>
            {t(`models.act.${each}`)}
          </Button>
        ))}
      <Button
        size="xs"
        variant="default"
        component="a"
        href={`/api/models/${model.model_id}/report`}
        download
        leftSection={<IconDownload size={16} aria-hidden />}
      >
        {t('models.report')}
      </Button>
      {act === 'recalibration' && <RecalibrateDialog model={model} onClose={close} />}
      {act && act !== 'recalibration' && (
        <ReasonDialog
          onSettled={renew}
          title={t(`models.act.${act}.title`, { name })}
          text={t(`models.act.${act}.text`)}
          act={t(`models.act.${act}`)}
          done={t(`models.act.${act}.done`, { name })}
          run={(reason) => perform(act, model.model_id, reason)}
          onClose={close}
        />
      )}
    </Group>
  );
}

function perform(act: Exclude<Act, 'recalibration'>, modelId: string, reason: string): Promise<unknown> {
  const params = { path: { model_id: modelId } };
  if (act === 'rollback') return take(api.POST('/api/models/rollback', { body: { reason } }));
  if (act === 'promotion') return take(api.POST('/api/models/{model_id}/promotion', { params, body: { reason } }));
  return take(api.POST('/api/models/{model_id}/stage', { params, body: { event: act, reason } }));
}
