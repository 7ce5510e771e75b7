import { Button, Group, Stack, Text } from '@mantine/core';
import { useT } from '@/i18n';
import { toast } from './toast';

/** Recovery codes, shown this once. */
export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const t = useT();
  const copy = async () => {
    await navigator.clipboard.writeText(codes.join('\n'));
    toast(t('factor.copied'));
  };
  return (
    <Stack>
      <Text fw={600}>{t('factor.recovery')}</Text>
      <Text size="sm">{t('factor.recovery.text')}</Text>
      <ul className="mono" aria-label={t('factor.recovery')} style={{ columns: '180px 2', margin: 0, paddingInlineStart: 20 }}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Group justify="space-between">
        <Button variant="default" onClick={() => void copy()}>
          {t('factor.copy')}
        </Button>
        <Button data-autofocus onClick={onDone}>
          {t('factor.kept')}
        </Button>
      </Group>
    </Stack>
  );
}
