import { Kbd, Text } from '@mantine/core';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { type Command, keyLabel } from '@/shared/hotkeys';
import { commandLabel, type ReadingCommand } from './commands';
import classes from './ReadingRoom.module.css';

/** Every key of the reading room. */
export function KeyHelp({ commands, onClose }: { commands: Command<ReadingCommand>[]; onClose: () => void }) {
  const t = useT();
  return (
    <Dialog opened onClose={onClose} title={t('room.help')} size="lg">
      <Text size="sm" c="dimmed" mb="sm">
        {t('room.help.text')}
      </Text>
      <dl className={classes.keys}>
        {commands.map(({ id, key }) => (
          <div key={id}>
            <dt>
              <Kbd>{keyLabel(key)}</Kbd>
            </dt>
            <dd>{t(commandLabel(id))}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
