import { Kbd, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useState } from 'react';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { navigation } from './navigation';
import classes from './SearchDialog.module.css';
import { type Hit, searchEverything } from './search';
import { useMe } from './session';

/** Finds patients, reports and pages. */
export function SearchDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const me = useMe();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const [wanted] = useDebouncedValue(text.trim(), 180);

  const pages: Hit[] =
    wanted.length < 2
      ? []
      : navigation[me.user.role]
          .filter(({ label }) => t(label).toLowerCase().includes(wanted.toLowerCase()))
          .map(({ to, label }) => ({ group: 'pages', to, title: t(label) }));
  const query = useQuery({
    queryKey: ['search', me.user.role, wanted],
    queryFn: () => searchEverything(me.user.role, wanted, t),
    enabled: wanted.length >= 2,
  });
  const hits = [...(query.data ?? []), ...pages];
  useEffect(() => setChosen(0), [wanted]);

  const go = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    void navigate({ to: hit.to });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setChosen((index) => Math.min(index + 1, hits.length - 1));
    else if (event.key === 'ArrowUp') setChosen((index) => Math.max(index - 1, 0));
    else if (event.key === 'Enter') go(hits[chosen]);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog opened onClose={onClose} title={t('search.label')} size="lg">
      <Stack>
        <TextInput
          data-autofocus
          aria-label={t('search.label')}
          placeholder={t('search.placeholder')}
          leftSection={<IconSearch size={18} aria-hidden />}
          rightSection={<Kbd aria-hidden>/</Kbd>}
          role="combobox"
          aria-expanded={hits.length > 0}
          aria-controls="search-hits"
          aria-activedescendant={hits[chosen] ? `hit-${chosen}` : undefined}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={press}
        />
        {wanted.length < 2 && (
          <Text size="sm" c="dimmed">
            {t('search.hint')}
          </Text>
        )}
        {wanted.length >= 2 && query.isFetched && hits.length === 0 && (
          <Text size="sm">{t('search.none', { text: wanted })}</Text>
        )}
        <div id="search-hits" role="listbox" aria-label={t('search.label')} className={classes.hits}>
          {hits.map((hit, index) => (
            <div
              key={`${hit.to}-${hit.title}`}
              id={`hit-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              className={classes.hit}
              onClick={() => go(hit)}
              onKeyDown={(event) => event.key === 'Enter' && go(hit)}
            >
              <span>
                <strong>{hit.title}</strong>
                {hit.text && <span className={classes.text}>{hit.text}</span>}
              </span>
              <span className={classes.group}>{t(`search.${hit.group}`)}</span>
            </div>
          ))}
        </div>
      </Stack>
    </Dialog>
  );
}
