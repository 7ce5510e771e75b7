import { Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import { useSpeech } from '@/i18n';
import { PageTitle, Shown } from '@/shared/states';
import { SettingEditor } from './SettingEditor';
import { SettingsHistory } from './SettingsHistory';

/** Every setting of the portal with its editor; changes are in force at once. */
export function SettingsPage() {
  const { t } = useSpeech();
  const query = useQuery({ queryKey: ['settings'], queryFn: () => take(api.GET('/api/settings')) });
  return (
    <div className="page">
      <PageTitle text={t('settings.text')}>{t('nav.settings')}</PageTitle>
      <Shown query={query} rows={8}>
        {({ items }) => (
          <div className="cards" style={{ gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 420px), 1fr))' }}>
            {items.map((setting) => (
              <SettingEditor key={setting.setting_key} setting={setting} />
            ))}
          </div>
        )}
      </Shown>
      <Title order={2} fz={19} mt="xl" mb="sm">
        {t('settings.history')}
      </Title>
      <SettingsHistory />
    </div>
  );
}
