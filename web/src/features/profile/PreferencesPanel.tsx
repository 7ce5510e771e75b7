import { Checkbox, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { defaultTheme, type ThemeChoice, usePreferences } from '@/app/preferences';
import { useMe } from '@/app/session';
import { languageName, languages, useSpeech } from '@/i18n';

export function PreferencesPanel() {
  const { t, language, setLanguage } = useSpeech();
  const me = useMe();
  const { preferences, change } = usePreferences();
  const channels = preferences.channels ?? {};
  return (
    <section className="panel">
      <Title order={2} fz={17} mb="sm">
        {t('profile.preferences')}
      </Title>
      <Stack>
        <NativeSelect
          label={t('theme.label')}
          value={preferences.theme ?? defaultTheme(me.user.role)}
          onChange={(event) => change({ theme: event.currentTarget.value as ThemeChoice })}
          data={(['light', 'dark', 'auto'] as const).map((value) => ({ value, label: t(`theme.${value}`) }))}
        />
        <NativeSelect
          label={t('language.label')}
          value={language}
          onChange={(event) => {
            const code = event.currentTarget.value;
            setLanguage(code);
            change({ language: code });
          }}
          data={languages.map((code) => ({ value: code, label: languageName(code) }))}
        />
        <fieldset style={{ border: 0, margin: 0, padding: 0 }}>
          <Text component="legend" size="sm" fw={500} mb={6}>
            {t('profile.channels')}
          </Text>
          <Stack gap="xs">
            {(['email', 'sms', 'push'] as const).map((channel) => (
              <Checkbox
                key={channel}
                label={t(`profile.channel.${channel}`)}
                checked={channels[channel] ?? false}
                onChange={(event) => change({ channels: { ...channels, [channel]: event.currentTarget.checked } })}
              />
            ))}
          </Stack>
          <Text size="xs" c="dimmed" mt={6}>
            {t('profile.channels.text')}
          </Text>
        </fieldset>
        {me.user.role === 'doctor' && (
          <Checkbox
            label={t('profile.autoAdvance')}
            checked={preferences.layout?.autoAdvance ?? true}
            onChange={(event) =>
              change({ layout: { ...preferences.layout, autoAdvance: event.currentTarget.checked } })
            }
          />
        )}
      </Stack>
    </section>
  );
}
