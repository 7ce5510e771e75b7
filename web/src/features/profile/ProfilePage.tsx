import { useMe } from '@/app/session';
import { OwnDataPanel } from '@/features/privacy/OwnDataPanel';
import { useT } from '@/i18n';
import { PageTitle } from '@/shared/states';
import { HotkeysPanel } from './HotkeysPanel';
import { PasskeysPanel } from './PasskeysPanel';
import { PasswordPanel } from './PasswordPanel';
import { PersonPanel } from './PersonPanel';
import { PreferencesPanel } from './PreferencesPanel';
import { SecondFactorPanel } from './SecondFactorPanel';
import { SessionsPanel } from './SessionsPanel';

/** The own profile, password, sessions and preferences. */
export function ProfilePage() {
  const t = useT();
  const me = useMe();
  return (
    <div className="page">
      <PageTitle text={me.user.email}>{t('nav.profile')}</PageTitle>
      <div className="cards" style={{ gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 420px), 1fr))' }}>
        <PersonPanel />
        {me.user.role === 'patient' && <OwnDataPanel isAlone />}
        <PreferencesPanel />
        <PasswordPanel />
        <PasskeysPanel />
        <SecondFactorPanel />
        <SessionsPanel />
        {me.user.role === 'doctor' && <HotkeysPanel />}
      </div>
    </div>
  );
}
