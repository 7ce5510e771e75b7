import { Button, Group, NumberInput, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { Model, Recalibrated } from '@/api/types';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { useFormats } from '@/shared/format';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { useRenewModels } from './queries';
import { RateText } from './RateText';

/** Fits calibration and thresholds to signed cases, and shows what came of it. */
export function RecalibrateDialog({ model, onClose }: { model: Model; onClose: () => void }) {
  const t = useT();
  const fieldText = useFieldText();
  const renew = useRenewModels();
  const [percent, setPercent] = useState<string | number>(95);
  const [days, setDays] = useState<string | number>(365);
  const fit = useMutation({
    mutationFn: () =>
      take(
        api.POST('/api/models/{model_id}/recalibration', {
          params: { path: { model_id: model.model_id } },
          body: { sensitivity: Number(percent) / 100, days: Number(days) },
        }),
      ),
    onSuccess: renew,
  });
  const problem = fit.error ? asProblem(fit.error) : null;
  const name = `${model.model_name} ${model.version}`;
  return (
    <Dialog onClose={onClose} title={t('models.act.recalibration.title', { name })}>
      {fit.data ? (
        <Outcome made={fit.data} onClose={onClose} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            fit.mutate();
          }}
        >
          <Stack>
            <Text size="sm">{t('models.act.recalibration.text')}</Text>
            <NumberInput
              label={t('models.recalibrate.sensitivity')}
              description={t('models.recalibrate.sensitivity.text')}
              suffix=" %"
              required
              data-autofocus
              hideControls
              min={50}
              max={99.9}
              value={percent}
              error={fieldText(problem, 'sensitivity')}
              onChange={setPercent}
            />
            <NumberInput
              label={t('models.recalibrate.days')}
              required
              hideControls
              allowDecimal={false}
              min={1}
              max={3650}
              value={days}
              error={fieldText(problem, 'days')}
              onChange={setDays}
            />
            {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {t('common.cancel')}
              </Button>
              <Button type="submit" loading={fit.isPending} disabled={percent === '' || days === ''}>
                {t('models.act.recalibration')}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Dialog>
  );
}

function Outcome({ made, onClose }: { made: Recalibrated; onClose: () => void }) {
  const t = useT();
  const formats = useFormats();
  return (
    <Stack>
      <Text size="sm">{t('models.recalibrate.done', { name: `${made.model_name} ${made.version}` })}</Text>
      <dl className="facts">
        <dt>{t('models.cases')}</dt>
        <dd>{t('models.recalibrate.cases', { count: made.cases, positives: made.positives })}</dd>
        <dt>{t('models.thresholds')}</dt>
        <dd className="mono">
          {t('risk.medium')} ≥ {formats.score(made.medium)} · {t('risk.high')} ≥ {formats.score(made.high)}
        </dd>
        <dt>{t('models.sensitivity')}</dt>
        <dd>
          <RateText rate={made.figures.sensitivity} />
        </dd>
        <dt>{t('models.specificity')}</dt>
        <dd>
          <RateText rate={made.figures.specificity} />
        </dd>
      </dl>
      <Text size="xs" c="dimmed">
        {t('models.recalibrate.crossFitted')}
      </Text>
      <Group justify="flex-end">
        <Button onClick={onClose}>{t('common.close')}</Button>
      </Group>
    </Stack>
  );
}
