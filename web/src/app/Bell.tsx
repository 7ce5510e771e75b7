import { ActionIcon, Menu, Text } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { api, take } from '@/api/client';
import type { Notification } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import classes from './Bell.module.css';
import { meQuery, useMe } from './session';

/** A notification in the user's language: the server's own words where the kind is unknown here. */
export function useNotificationText(): (notification: Notification) => { title: string; message: string } {
  const { maybe } = useSpeech();
  return ({ type, title, message }) => ({
    title: maybe(`notification.${type}.title`) ?? title,
    message: maybe(`notification.${type}.message`) ?? message,
  });
}

/** Marks as read; the lists and the count follow. */
export function useMarkRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (notificationId: string) =>
      take(
        api.PATCH('/api/notifications/{notification_id}/read', {
          params: { path: { notification_id: notificationId } },
        }),
      ),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['notifications'] });
      void client.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
}

export function Bell() {
  const { t } = useSpeech();
  const me = useMe();
  const formats = useFormats();
  const text = useNotificationText();
  const navigate = useNavigate();
  const markRead = useMarkRead();
  const query = useQuery({
    queryKey: ['notifications', 'unread'],
    queryFn: () => take(api.GET('/api/notifications', { params: { query: { unread: true, limit: 10 } } })),
  });
  const count = me.unread_notifications;
  const items = query.data?.items ?? [];
  return (
    <Menu position="bottom-end" width={340} withinPortal>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={36}
          className={classes.bell}
          aria-label={t('bell.label', { count })}
        >
          <IconBell size={21} stroke={1.7} aria-hidden />
          {count > 0 && (
            <span className={classes.count} aria-hidden>
              {count > 99 ? '99+' : count}
            </span>
          )}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {items.length === 0 && (
          <Text size="sm" c="dimmed" p="sm">
            {t('bell.empty')}
          </Text>
        )}
        {items.slice(0, 6).map((item) => (
          <Menu.Item
            key={item.notification_id}
            onClick={() => {
              markRead.mutate(item.notification_id);
              void navigate({ to: item.action_url ?? '/notifications' });
            }}
          >
            <Text size="sm" fw={600}>
              {text(item).title}
            </Text>
            <Text size="xs" c="dimmed">
              {text(item).message} · {formats.dateTime(item.created_at)}
            </Text>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component={Link} to="/notifications">
          {t('bell.all')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
