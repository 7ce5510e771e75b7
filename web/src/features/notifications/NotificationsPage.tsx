import { Button, Text } from '@mantine/core';
import { IconBellOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { api, take } from '@/api/client';
import type { Notification } from '@/api/types';
import { useMarkRead, useNotificationText } from '@/app/Bell';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Empty, ErrorNote, Loading, PageTitle } from '@/shared/states';
import { usePages } from '@/shared/usePages';
import classes from './notifications.module.css';

export function NotificationsPage() {
  const t = useT();
  const formats = useFormats();
  const text = useNotificationText();
  const markRead = useMarkRead();
  const pages = usePages<Notification>(['notifications', 'all'], (cursor) =>
    take(api.GET('/api/notifications', { params: { query: { limit: 50, cursor } } })),
  );
  const unread = pages.items?.filter((item) => !item.is_read) ?? [];
  return (
    <div className="page page-narrow">
      <PageTitle
        aside={
          unread.length > 0 && (
            <Button
              size="xs"
              variant="default"
              loading={markRead.isPending}
              onClick={() => {
                for (const item of unread) markRead.mutate(item.notification_id);
              }}
            >
              {t('bell.markAll')}
            </Button>
          )
        }
      >
        {t('nav.notifications')}
      </PageTitle>
      {pages.error && !pages.items ? <ErrorNote error={pages.error} onRetry={() => void pages.refetch()} /> : null}
      {pages.isPending && <Loading rows={4} />}
      {pages.items?.length === 0 && (
        <Empty title={t('bell.empty')} icon={<IconBellOff size={44} stroke={1.2} />}>
          {t('bell.empty.text')}
        </Empty>
      )}
      <ul className={classes.list}>
        {pages.items?.map((item) => {
          const { title, message } = text(item);
          return (
            <li key={item.notification_id} className={classes.item} data-unread={!item.is_read || undefined}>
              <div>
                <Text fw={600}>
                  {item.action_url ? (
                    <Link to={item.action_url} onClick={() => !item.is_read && markRead.mutate(item.notification_id)}>
                      {title}
                    </Link>
                  ) : (
                    title
                  )}
                  {!item.is_read && <span className={classes.unread}>{t('bell.unread')}</span>}
                </Text>
                <Text size="sm">{message}</Text>
                <Text size="xs" c="dimmed">
                  {formats.dateTime(item.created_at)}
                </Text>
              </div>
              {!item.is_read && (
                <Button size="xs" variant="default" onClick={() => markRead.mutate(item.notification_id)}>
                  {t('bell.markRead')}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {pages.hasNextPage && (
        <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </div>
  );
}
