import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { useIsLive, useLiveEvents } from '@/api/events';
import { useT } from '@/i18n';
import { ToastArea } from '@/shared/toast';
import { Bell } from './Bell';
import { navigation } from './navigation';
import { useApplyPreferences } from './preferences';
import { Search } from './SearchButton';
import { SessionGuard } from './SessionGuard';
import classes from './Shell.module.css';
import { StepUp } from './StepUp';
import { useMe } from './session';
import { UserMenu } from './UserMenu';

const EmergencyBanner = lazy(() =>
  import('@/features/emergency/Banner').then((module) => ({ default: module.Banner })),
);

/** What surrounds every page of a signed-in user. */
export function Shell() {
  const t = useT();
  const me = useMe();
  useApplyPreferences();
  useLiveEvents(me.session_id);
  const items = navigation[me.user.role];
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const section = pathname.split('/')[1];

  // After a change of page, a screen reader begins at its content and the page at its top.
  const first = useRef(true);
  useEffect(() => {
    const item = items.find(({ to }) => to === `/${section}`);
    document.title = item ? `${t(item.label)} · ${t('app.name')}` : t('app.name');
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [section, items, t]);

  return (
    <div className={classes.shell}>
      <a className="skip-link" href="#content">
        {t('nav.skip')}
      </a>
      <header className={`${classes.header} no-print`}>
        <Menu position="bottom-start" withinPortal>
          <Menu.Target>
            <ActionIcon className={classes.burger} variant="subtle" color="gray" size={36} aria-label={t('nav.menu')}>
              <IconMenu2 size={22} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {items.map(({ to, label, icon: Icon }) => (
              <Menu.Item key={to} component={Link} to={to} leftSection={<Icon size={18} aria-hidden />}>
                {t(label)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Link to="/" className={classes.brand} aria-label={t('app.name')}>
          <img src="/favicon.svg" alt="" width={26} height={26} />
          <span className={classes.brandName}>{t('app.name')}</span>
        </Link>
        <nav className={classes.nav} aria-label={t('nav.main')}>
          {items.map(({ to, label, icon: Icon }) => (
            <Link
              key={to}
              to={to}
              className={classes.link}
              activeProps={{ 'data-active': true, 'aria-current': 'page' }}
            >
              <Icon size={18} stroke={1.7} aria-hidden />
              {t(label)}
            </Link>
          ))}
        </nav>
        <div className={classes.tools}>
          <LiveBadge />
          <Search />
          <Bell />
          <UserMenu />
        </div>
      </header>
      {(me.user.role === 'tech' || me.user.role === 'radiologist') && (
        <Suspense fallback={null}>
          <EmergencyBanner />
        </Suspense>
      )}
      <main id="content" ref={main} className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      <SessionGuard />
      <StepUp />
      <ToastArea />
    </div>
  );
}

function LiveBadge() {
  const t = useT();
  const live = useIsLive();
  const text = t(live ? 'live.on.text' : 'live.off.text');
  return (
    <Tooltip label={text} withinPortal>
      <span className={classes.live} data-live={live || undefined} role="status">
        <span className={classes.dot} aria-hidden />
        {t(live ? 'live.on' : 'live.off')}
      </span>
    </Tooltip>
  );
}
