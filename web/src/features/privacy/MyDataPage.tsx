import './texts';
import { useT } from '@/i18n';
import { PageTitle } from '@/shared/states';
import { ConsentsPanel } from './ConsentsPanel';
import { CorrectionsPanel } from './CorrectionsPanel';
import { OwnDataPanel } from './OwnDataPanel';

/** What patients do with their data: take them away, consent or not, have them corrected. */
export function MyDataPage() {
  const t = useT();
  return (
    <div className="page">
      <PageTitle text={t('privacy.mine.text')}>{t('privacy.own')}</PageTitle>
      <div
        className="cards"
        style={{ gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 420px), 1fr))', alignItems: 'start' }}
      >
        <CorrectionsPanel />
        <ConsentsPanel />
        <OwnDataPanel />
      </div>
    </div>
  );
}
