import { NativeSelect, Text } from '@mantine/core';
import { Outlet } from '@tanstack/react-router';
import { languageName, languages, useSpeech } from '@/i18n';
import classes from './auth.module.css';

/** What surrounds the pages of those who are not signed in. */
export function VisitorLayout() {
  const { t, language, setLanguage } = useSpeech();
  return (
    <div className={classes.layout}>
      <header className={classes.head}>
        <span className={classes.brand}>
          <img src="/favicon.svg" alt="" width={34} height={34} />
          {t('app.name')}
        </span>
        <NativeSelect
          aria-label={t('language.label')}
          data={languages.map((code) => ({ value: code, label: languageName(code) }))}
          value={language}
          onChange={(event) => setLanguage(event.currentTarget.value)}
        />
      </header>
      <main className={classes.main}>
        <Outlet />
      </main>
      <footer className={classes.foot}>
        <Text size="sm" c="dimmed">
          {t('app.notDevice')}
        </Text>
      </footer>
    </div>
  );
}
