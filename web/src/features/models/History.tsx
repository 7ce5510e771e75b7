import { Button, Text } from '@mantine/core';
import { api, take } from '@/api/client';
import type { Model, ModelChange } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { ErrorNote, Loading } from '@/shared/states';
import { usePages } from '@/shared/usePages';
import { nameOf } from './governance';
import classes from './models.module.css';

/** Who changed what a model is there for, when and why; newest first. */
export function History({ modelId, models }: { modelId: string; models: Model[] }) {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const pages = usePages<ModelChange>(['models', modelId, 'changes'], (cursor) =>
    take(
      api.GET('/api/models/{model_id}/changes', {
        params: { path: { model_id: modelId }, query: { limit: 50, cursor } },
      }),
    ),
  );
  if (pages.error && !pages.items) return <ErrorNote error={pages.error} onRetry={() => void pages.refetch()} />;
  if (pages.isPending) return <Loading rows={2} />;
  if (pages.items?.length === 0) return <Text size="sm">{t('models.history.none')}</Text>;
  return (
    <>
      <ol className={classes.history}>
        {pages.items?.map((change) => (
          <li key={change.change_id}>
            <div>
              <strong>{t(`models.event.${change.event}`)}</strong>
              {change.replaced_model_id && (
                <> · {t('models.history.replaced', { name: nameOf(models, change.replaced_model_id) })}</>
              )}
            </div>
            <div className="prewrap">{change.reason}</div>
            <Text size="xs" c="dimmed">
              {change.changed_by_name ?? maybe(`models.as.${change.changed_as}`) ?? change.changed_as} ·{' '}
              {formats.dateTime(change.created_at)} · {t(`models.stage.${change.from_stage}`)} →{' '}
              {t(`models.stage.${change.to_stage}`)}
            </Text>
          </li>
        ))}
      </ol>
      {pages.hasNextPage && (
        <Button size="xs" variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </>
  );
}
