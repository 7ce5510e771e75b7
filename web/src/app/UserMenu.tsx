import { ActionIcon, Menu, Text } from '@mantine/core';
import { IconLogout, IconSettings, IconUserCircle } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '@/api/client';
import { languageName, languages, useSpeech } from '@/i18n';
import { defaultTheme, type ThemeChoice, usePreferences } from './preferences';
import { forgetUploads, rememberSignedIn, useMe } from './session';

const themes: ThemeChoice[] = ['light', 'dark', 'auto'];

export function UserMenu() {
  const { t, language, setLanguage } = useSpeech();
  const me = useMe();
  const client = useQueryClient();
  const { preferences, change } = usePreferences();
  const theme = preferences.theme ?? defaultTheme(me.user.role);

  const signOut = async () => {
    const answer = await api.POST('/api/auth/logout').catch(() => undefined);
    rememberSignedIn(false);
    forgetUploads();
    client.clear();
    // A full load leaves nothing of the session in memory.
    location.assign(answer?.data?.sign_out_at ?? '/signin');
  };

  return (
    <Menu position="bottom-end" width={260} withinPortal closeOnItemClick={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={36} aria-label={t('nav.account', { name: me.user.name })}>
          <IconUserCircle size={23} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Text px="sm" pt={6} size="sm" fw={600}>
          {me.user.name}
        </Text>
        <Text px="sm" pb={6} size="xs" c="dimmed">
          {t(`role.${me.user.role}`)} · {me.user.email}
        </Text>
        <Menu.Divider />
        <Menu.Label>{t('theme.label')}</Menu.Label>
        <Menu.RadioGroup value={theme} onChange={(choice) => change({ theme: choice as ThemeChoice })}>
          {themes.map((choice) => (
            <Menu.RadioItem key={choice} value={choice}>
              {t(`theme.${choice}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Label>{t('language.label')}</Menu.Label>
        <Menu.RadioGroup
          value={language}
          onChange={(code) => {
            setLanguage(code);
            change({ language: code });
          }}
        >
          {languages.map((code) => (
            <Menu.RadioItem key={code} value={code} lang={code}>
              {languageName(code)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item component={Link} to="/profile" closeMenuOnClick leftSection={<IconSettings size={18} aria-hidden />}>
          {t('nav.profile')}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={18} aria-hidden />} onClick={() => void signOut()}>
          {t('nav.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
