import { Title } from '@mantine/core';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { ConsentList } from './ConsentList';

/** The acting patient's consents. */
export function ConsentsPanel() {
  const t = useT();
  const me = useMe();
  return (
    <section className="panel">
      <Title order={2} fz={17} mb="sm">
        {t('privacy.consents')}
      </Title>
      <ConsentList patientId={me.user.id} isOwn />
    </section>
  );
}
