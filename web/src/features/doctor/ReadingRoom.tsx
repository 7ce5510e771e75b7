import { VisuallyHidden } from '@mantine/core';
import { IconArrowLeft, IconArrowRight, IconKeyboard, IconPhotoScan } from '@tabler/icons-react';
import { useNavigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { usePreferences } from '@/app/preferences';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { commandOf, keyLabel, withChoices } from '@/shared/hotkeys';
import { Empty, Loading } from '@/shared/states';
import { warmUp } from '../viewer/ahead';
import type { CaseHandle } from './CaseView';
import { type ReadingCommand, readingCommands } from './commands';
import { QueuePanel } from './QueuePanel';
import { nextCase, passes, type QueueFilter } from './queue';
import classes from './ReadingRoom.module.css';
import { useQueue } from './useQueue';

// What only an open case needs comes after the queue is on the screen.
const loadCase = () => import('./CaseView');
const CaseView = lazy(() => loadCase().then((module) => ({ default: module.CaseView })));
const KeyHelp = lazy(() => import('./KeyHelp').then((module) => ({ default: module.KeyHelp })));

type Part = 'queue' | 'film' | 'report';

/** The reading room: queue, film and report side by side, all of it by keyboard. */
export function ReadingRoom() {
  const t = useT();
  const me = useMe();
  const navigate = useNavigate();
  const { reportId } = useParams({ from: '/members/queue/{-$reportId}' });
  const { preferences } = usePreferences();
  const queue = useQueue();
  const [filter, setFilter] = useState<QueueFilter>('all');
  const [selected, setSelected] = useState<string | undefined>(reportId);
  const [part, setPart] = useState<Part>(reportId ? 'film' : 'queue');
  const [help, setHelp] = useState(false);
  const openCase = useRef<CaseHandle>(null);

  const commands = useMemo(() => withChoices(readingCommands, preferences.hotkeys), [preferences.hotkeys]);
  const keys = useMemo(() => Object.fromEntries(commands.map(({ id, key }) => [id, key])), [commands]);
  const items = useMemo(() => queue.items.filter((item) => passes(item, filter)), [queue.items, filter]);
  const opened = queue.items.find((item) => item.report_id === reportId);
  // The server leaves every figure out while the doctor's own impression comes first.
  const aiHidden =
    queue.items.length > 0 &&
    queue.items.every(
      (item) =>
        item.risk_score == null &&
        item.risk_probability == null &&
        item.confidence_score == null &&
        item.not_assessed_reason == null,
    );

  const open = (id: string | undefined) => {
    setSelected(id);
    setPart(id ? 'film' : 'queue');
    void navigate({ to: '/queue/{-$reportId}', params: { reportId: id } });
  };
  const step = (by: number) => {
    const index = items.findIndex((item) => item.report_id === selected);
    const next = items[index < 0 ? 0 : Math.min(items.length - 1, Math.max(0, index + by))];
    if (next) setSelected(next.report_id);
  };
  const run = (command: ReadingCommand) => {
    if (command === 'next') step(1);
    else if (command === 'previous') step(-1);
    // With nothing selected, Enter opens the most urgent case.
    else if (command === 'open') open(selected ?? items[0]?.report_id);
    else if (command === 'help') setHelp(true);
    else openCase.current?.run(command);
  };
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      // With the focus on a case, Enter opens the selected one, which may be another.
      const onCase = event.target instanceof Element && event.target.closest('ol button') !== null;
      const command =
        onCase && event.key === keys.open && !event.ctrlKey && !event.altKey && !event.metaKey
          ? 'open'
          : commandOf(event, commands);
      if (!command) return;
      event.preventDefault();
      latest.current(command);
    };
    // On the way down: the viewer takes every key for itself once it has the focus.
    addEventListener('keydown', press, true);
    return () => removeEventListener('keydown', press, true);
  }, [commands, keys]);

  useEffect(() => {
    const idle = setTimeout(() => void loadCase().then(warmUp).catch(() => undefined), 300);
    return () => clearTimeout(idle);
  }, []);
  useEffect(() => {
    if (reportId) setSelected(reportId);
  }, [reportId]);

  const position = opened ? queue.items.indexOf(opened) + 1 : 0;
  const neighbour = (by: number) => queue.items[position - 1 + by]?.report_id;
  return (
    <div className={classes.room} data-part={part}>
      <VisuallyHidden component="h1">{t('nav.queue')}</VisuallyHidden>
      <div className={classes.queue}>
        <QueuePanel
          queue={queue}
          items={items}
          filter={filter}
          onFilter={setFilter}
          selectedId={selected}
          openId={reportId}
          onOpen={open}
          doctorId={me.user.id}
          aiHidden={aiHidden}
          keys={keys}
        />
      </div>
      <div className={classes.center}>
        <div className={classes.bar}>
          <div className={classes.tabs} role="group" aria-label={t('room.parts')}>
            {(['queue', 'film', 'report'] as const).map((id) => (
              <button key={id} type="button" aria-pressed={part === id} onClick={() => setPart(id)}>
                {t(`room.part.${id}`)}
              </button>
            ))}
          </div>
          {reportId && (
            <div className={classes.position}>
              <button
                type="button"
                aria-label={t('room.previous')}
                disabled={!neighbour(-1)}
                onClick={() => open(neighbour(-1))}
              >
                <IconArrowLeft size={18} aria-hidden />
              </button>
              <span className="mono">
                {opened && queue.summary
                  ? t('room.position', { position, total: queue.summary.total })
                  : t('room.notQueued')}
              </span>
              <button
                type="button"
                aria-label={t('room.next')}
                disabled={!neighbour(1)}
                onClick={() => open(neighbour(1))}
              >
                <IconArrowRight size={18} aria-hidden />
              </button>
            </div>
          )}
          <button type="button" className={classes.help} onClick={() => setHelp(true)}>
            <IconKeyboard size={18} aria-hidden /> {t('room.help')}
          </button>
        </div>
        <div className={classes.case}>
          {reportId ? (
            <Suspense fallback={<Loading rows={8} />}>
              <CaseView
                key={reportId}
                ref={openCase}
                reportId={reportId}
                keys={keys}
                part={part === 'report' ? 'report' : 'film'}
                onSigned={() => {
                  const next = nextCase(queue.items, reportId, me.user.id);
                  if (opened && preferences.layout?.autoAdvance !== false) open(next);
                }}
              />
            </Suspense>
          ) : (
            <Empty title={t('room.choose')} icon={<IconPhotoScan size={48} stroke={1.1} />}>
              {t('room.choose.text', { key: keyLabel(keys.open ?? '') })}
            </Empty>
          )}
        </div>
      </div>
      {help && (
        <Suspense>
          <KeyHelp commands={commands} onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  );
}
