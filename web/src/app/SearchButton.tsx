import { ActionIcon } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useT } from '@/i18n';
import { commandOf } from '@/shared/hotkeys';

const SearchDialog = lazy(() => import('./SearchDialog').then((module) => ({ default: module.SearchDialog })));
const keys = [{ id: 'search', key: '/' }] as const;

/** Opens the search; so does `/` from anywhere. */
export function Search() {
  const t = useT();
  const [open, setOpen] = useState(false);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (commandOf(event, keys)) {
        event.preventDefault();
        setOpen(true);
      }
    };
    addEventListener('keydown', press, true);
    return () => removeEventListener('keydown', press, true);
  }, []);

  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label={t('search.label')}
        aria-keyshortcuts="/"
        onClick={() => setOpen(true)}
      >
        <IconSearch size={21} stroke={1.7} aria-hidden />
      </ActionIcon>
      {open && (
        <Suspense>
          <SearchDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
