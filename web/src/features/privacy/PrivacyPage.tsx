import './texts';
import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import { useT } from '@/i18n';
import { PageTitle, Shown } from '@/shared/states';
import { CorrectionsSection } from './CorrectionsSection';
import { PatientSection } from './PatientSection';
import { RemovalsSection } from './RemovalsSection';

/** What staff does for the rights of patients. */
export function PrivacyPage() {
  const t = useT();
  const facts = useQuery({ queryKey: ['privacy', 'facts'], queryFn: () => take(api.GET('/api/privacy')) });
  return (
    <div className="page">
      <PageTitle text={t('privacy.text')}>{t('nav.privacy')}</PageTitle>
      <Shown query={facts}>
        {(known) => (
          <Stack gap="xl">
            {!known.is_privacy_officer && (
              <Text size="sm" c="dimmed">
                {t('privacy.notOfficer')}
              </Text>
            )}
            {known.may_decide_corrections && <CorrectionsSection isOfficer={known.is_privacy_officer} />}
            {known.is_privacy_officer && <PatientSection />}
            {known.is_privacy_officer && <RemovalsSection />}
          </Stack>
        )}
      </Shown>
    </div>
  );
}
