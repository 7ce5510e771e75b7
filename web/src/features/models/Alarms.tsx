import { Button, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import type { Model, ModelAlarm } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { useErrorText } from '@/shared/problems';
import { Shown } from '@/shared/states';
import { toast } from '@/shared/toast';
import { nameOf } from './governance';
import classes from './models.module.css';
import { useOpenAlarms, useRenewModels } from './queries';

/** The alarms whose cause still stands. */
export function Alarms({ models, mayManage }: { models: Model[]; mayManage: boolean }) {
  const { t } = useSpeech();
  const query = useOpenAlarms();
  return (
    <Shown query={query} rows={1}>
      {({ items }) =>
        items.length > 0 && (
          <section className={`panel ${classes.alarms}`} aria-labelledby="model-alarms">
            <Title order={2} fz={19} id="model-alarms">
              {t('models.alarms')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('models.alarms.text')}
            </Text>
            <ul>
              {items.map((alarm) => (
                <Alarm key={alarm.alarm_id} alarm={alarm} name={nameOf(models, alarm.model_id)} mayManage={mayManage} />
              ))}
            </ul>
          </section>
        )
      }
    </Shown>
  );
}

function Alarm({ alarm, name, mayManage }: { alarm: ModelAlarm; name: string; mayManage: boolean }) {
  const { t, maybe, language } = useSpeech();
  const formats = useFormats();
  const errorText = useErrorText();
  const renew = useRenewModels();
  const note = useMutation({
    mutationFn: () =>
      take(
        api.POST('/api/models/alarms/{alarm_id}/acknowledge', { params: { path: { alarm_id: alarm.alarm_id } } }),
      ),
    onSuccess: () => toast(t('models.alarm.noted')),
    onError: (error) => toast(errorText(error), 'bad'),
    onSettled: renew,
  });
  const quantity = maybe(`models.quantity.${alarm.quantity}`) ?? alarm.quantity;
  return (
    <li>
      <IconAlertTriangle size={20} aria-hidden />
      <div className={classes.alarm}>
        <strong>
          {name}: {t(`models.alarm.${alarm.kind}`, { quantity })}
        </strong>
        <Text size="sm">
          {alarm.figure == null || alarm.alarm_limit == null || language === 'en'
            ? // The server's own words, which are English, say the most.
              alarm.detail
            : t('models.alarm.figure', { figure: formats.fine(alarm.figure), limit: formats.fine(alarm.alarm_limit) })}
        </Text>
        <Text size="xs" c="dimmed">
          {t('models.alarm.times', {
            raised: formats.dateTime(alarm.raised_at),
            seen: formats.dateTime(alarm.last_seen_at),
          })}
        </Text>
      </div>
      {alarm.acknowledged_at ? (
        <span className={classes.state}>
          <IconCheck size={17} aria-hidden />
          {t('models.alarm.acknowledged', { time: formats.dateTime(alarm.acknowledged_at) })}
        </span>
      ) : (
        mayManage && (
          <Button size="xs" variant="default" loading={note.isPending} onClick={() => note.mutate()}>
            {t('models.alarm.acknowledge')}
          </Button>
        )
      )}
    </li>
  );
}
