import { Button } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { isProgramMissing } from '@/api/problem';
import { useT } from '@/i18n';
import { Empty, ErrorNote, Loading } from '@/shared/states';

/** While a page's code arrives. */
export function Waiting() {
  return (
    <div className="page">
      <Loading rows={5} />
    </div>
  );
}

/** A page that is not there. */
export function NotFound() {
  const t = useT();
  return (
    <div className="page">
      <Empty title={t('error.notFound.title')} icon={<IconMapOff size={44} stroke={1.2} />}>
        <p>{t('error.notFound.text')}</p>
        <Button component={Link} to="/">
          {t('error.home')}
        </Button>
      </Empty>
    </div>
  );
}

/** A page that failed. */
export function Fault({ error, reset }: { error: unknown; reset?: () => void }) {
  return (
    <div className="page">
      <ErrorNote error={error} onRetry={() => (reset && !isProgramMissing(error) ? reset() : location.reload())} />
    </div>
  );
}
