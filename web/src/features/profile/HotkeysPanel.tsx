import { Button, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { usePreferences } from '@/app/preferences';
import { useT } from '@/i18n';
import { collisions, keyLabel, keyOf, withChoices } from '@/shared/hotkeys';
import { commandLabel, readingCommands } from '../doctor/commands';
import classes from './profile.module.css';

/** The keys of the reading room, to be changed by pressing the new one. */
export function HotkeysPanel() {
  const t = useT();
  const { preferences, change } = usePreferences();
  const [waiting, setWaiting] = useState<string | null>(null);
  const commands = withChoices(readingCommands, preferences.hotkeys);
  const clash = collisions(commands);
  return (
    <section className="panel" style={{ gridColumn: '1 / -1' }}>
      <div className="row" style={{ justifyContent: 'space-between' }}>
        <div>
          <Title order={2} fz={17}>
            {t('hotkeys.title')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('hotkeys.text')}
          </Text>
        </div>
        <Button size="xs" variant="default" onClick={() => change({ hotkeys: {} })}>
          {t('hotkeys.reset')}
        </Button>
      </div>
      {clash.length > 0 && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert" mt="sm">
          {clash
            .map(([first, second]) =>
              t('hotkeys.clash', {
                first: t(commandLabel(first as never)),
                second: t(commandLabel(second as never)),
              }),
            )
            .join(' ')}
        </Text>
      )}
      <ul className={classes.keys}>
        {commands.map(({ id, key }) => (
          <li key={id}>
            <span>{t(commandLabel(id))}</span>
            <button
              type="button"
              aria-label={t('hotkeys.change', { command: t(commandLabel(id)), key: keyLabel(key) })}
              onClick={() => setWaiting(id)}
              onBlur={() => setWaiting(null)}
              onKeyDown={(event) => {
                if (waiting !== id) return;
                if (['Tab', 'Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return;
                event.preventDefault();
                event.stopPropagation();
                setWaiting(null);
                if (event.key !== 'Escape') {
                  change({ hotkeys: { ...preferences.hotkeys, [id]: keyOf(event.nativeEvent) } });
                }
              }}
            >
              {waiting === id ? t('hotkeys.press') : keyLabel(key)}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
