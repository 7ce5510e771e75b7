import { Button, Stack, Text } from '@mantine/core';
import { useT } from '@/i18n';
import { useFormats } from './format';

/** A browser's name out of what it calls itself; the whole text when it is none of the usual ones. */
export function browserName(agent: string | null | undefined): string {
  const browser = /(Edg|OPR|Firefox|HeadlessChrome|Chrome|Safari)\/(\d+)/.exec(agent ?? '');
  if (!browser) return agent ?? '–';
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', HeadlessChrome: 'Chrome' };
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent ?? '')?.[1];
  return [`${names[browser[1] ?? ''] ?? browser[1]} ${browser[2]}`, system].filter(Boolean).join(', ');
}

interface Row {
  session_id: string;
  user_agent?: string | null;
  ip_address?: string | null;
  last_activity: string;
  is_current?: boolean;
}

/** Open sessions, each with a button that ends it, but the one at hand. */
export function SessionRows({ items, onEnd }: { items: Row[]; onEnd: (sessionId: string) => void }) {
  const t = useT();
  const formats = useFormats();
  return (
    <Stack gap="sm">
      {items.map((session) => (
        <div key={session.session_id} className="row" style={{ justifyContent: 'space-between' }}>
          <div>
            <Text size="sm" fw={600}>
              {browserName(session.user_agent)}
              {session.is_current && ` · ${t('sessions.current')}`}
            </Text>
            <Text size="xs" c="dimmed">
              {t('sessions.used', { time: formats.dateTime(session.last_activity) })} ·{' '}
              <span className="mono">{session.ip_address ?? '–'}</span>
            </Text>
          </div>
          {!session.is_current && (
            <Button size="xs" variant="default" onClick={() => onEnd(session.session_id)}>
              {t('sessions.end')}
            </Button>
          )}
        </div>
      ))}
    </Stack>
  );
}
