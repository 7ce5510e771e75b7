import { Kbd } from '@mantine/core';
import { IconAlertTriangle, IconLock, IconMoodHappy } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef } from 'react';
import type { QueueItem } from '@/api/types';
import { type TextKey, useSpeech } from '@/i18n';
import { useNow } from '@/shared/clock';
import { useFormats } from '@/shared/format';
import { keyLabel } from '@/shared/hotkeys';
import { Risk } from '@/shared/Risk';
import { Empty, ErrorNote, Loading } from '@/shared/states';
import classes from './QueuePanel.module.css';
import { countOf, type QueueFilter, queueFilters, whyHere } from './queue';
import { needRows, type useQueue } from './useQueue';

interface QueuePanelProps {
  queue: ReturnType<typeof useQueue>;
  items: QueueItem[];
  filter: QueueFilter;
  onFilter: (filter: QueueFilter) => void;
  selectedId: string | undefined;
  openId: string | undefined;
  onOpen: (reportId: string) => void;
  doctorId: string;
  aiHidden: boolean;
  keys: Partial<Record<string, string>>;
}

const ROW = 104;

/** The reading queue: in the server's order, live, drawn only where it is visible. */
export function QueuePanel(props: QueuePanelProps) {
  const { queue, items, filter, selectedId, openId } = props;
  const { t } = useSpeech();
  const formats = useFormats();
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 6,
    getItemKey: (index) => items[index]?.report_id ?? index,
  });
  const visible = rows.getVirtualItems();
  const lastVisible = visible.at(-1)?.index ?? 0;
  needRows(lastVisible);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = queue;

  useEffect(() => {
    // A filter looks through the whole queue, so all of it is wanted.
    const wanted = filter === 'all' ? lastVisible > items.length - 30 : true;
    if (wanted && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [lastVisible, items.length, filter, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const selectedIndex = items.findIndex((item) => item.report_id === selectedId);
  useEffect(() => {
    if (selectedIndex >= 0) rows.scrollToIndex(selectedIndex, { align: 'auto' });
  }, [selectedIndex]);

  return (
    <section className={classes.panel} aria-label={t('nav.queue')}>
      <div className={classes.head}>
        <h2 className={classes.title}>{t('nav.queue')}</h2>
        {queue.summary && (
          <span className={`${classes.count} mono`}>{t('queue.total', { count: queue.summary.total })}</span>
        )}
      </div>
      <div className={classes.filters} role="group" aria-label={t('queue.filters')}>
        {queueFilters.map((id) => (
          <button
            key={id}
            type="button"
            className={classes.filter}
            aria-pressed={filter === id}
            onClick={() => props.onFilter(id)}
          >
            {t(`queue.filter.${id}` as TextKey)}
            {queue.summary && <span className="mono">{formats.whole(countOf(queue.summary, id))}</span>}
          </button>
        ))}
      </div>
      {queue.error && !queue.data ? <ErrorNote error={queue.error} onRetry={() => void queue.refetch()} /> : null}
      {queue.isPending && <Loading rows={6} />}
      {queue.data && items.length === 0 && !queue.hasNextPage && (
        <Empty title={t('queue.empty')} icon={<IconMoodHappy size={40} stroke={1.2} />}>
          {t(filter === 'all' ? 'queue.empty.text' : 'queue.empty.filter')}
        </Empty>
      )}
      <div ref={scroll} className={classes.scroll} tabIndex={items.length > 0 ? -1 : undefined}>
        <ol className={classes.list} style={{ height: rows.getTotalSize() }}>
          {visible.map(({ index, start, key }) => {
            const item = items[index];
            return (
              item && (
                <li
                  key={key}
                  className={classes.row}
                  style={{ transform: `translateY(${start}px)` }}
                  aria-setsize={queue.summary?.total ?? items.length}
                  aria-posinset={index + 1}
                >
                  <Row
                    item={item}
                    selected={item.report_id === selectedId}
                    open={item.report_id === openId}
                    onOpen={props.onOpen}
                    doctorId={props.doctorId}
                    aiHidden={props.aiHidden}
                  />
                </li>
              )
            );
          })}
        </ol>
      </div>
      <div className={classes.foot}>
        {(['next', 'previous', 'open', 'help'] as const).map((id) => (
          <span key={id}>
            {t(`room.${id}.short`)} <Kbd>{keyLabel(props.keys[id] ?? '')}</Kbd>
          </span>
        ))}
      </div>
    </section>
  );
}

interface RowProps {
  item: QueueItem;
  selected: boolean;
  open: boolean;
  onOpen: (reportId: string) => void;
  doctorId: string;
  aiHidden: boolean;
}

const Row = memo(function Row({ item, selected, open, onOpen, doctorId, aiHidden }: RowProps) {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const now = useNow();
  const kind = aiHidden ? 'hidden' : (item.risk_score ?? 'none');
  const person = [
    item.patient_age != null ? String(item.patient_age) : null,
    item.patient_gender ? t(`gender.${item.patient_gender}.short`) : null,
  ]
    .filter(Boolean)
    .join(' ');
  const holder =
    item.claimed_by === doctorId
      ? t('queue.claimed.you')
      : t('queue.claimed.by', { name: item.claimed_by_name ?? t('common.unknown') });
  return (
    <button
      type="button"
      className={classes.case}
      data-risk={kind}
      data-selected={selected || undefined}
      aria-current={open || undefined}
      onClick={() => onOpen(item.report_id)}
    >
      <span className={classes.line}>
        <strong className={classes.name}>{item.patient_name}</strong>
        <span className={classes.wait} data-overdue={item.is_overdue || undefined}>
          <span className="mono">{formats.wait(item.upload_date, now)}</span>
          {item.is_overdue && ` · ${t('queue.overdue')}`}
        </span>
      </span>
      <span className={classes.study}>
        {maybe(`study.${item.study_type}`) ?? item.study_type}
        {person && ` · ${person}`}
        {item.patient_identifier && ` · ${item.patient_identifier}`}
      </span>
      <span className={classes.line}>
        <Risk risk={aiHidden ? 'hidden' : item.risk_score} score={item.risk_probability} />
        {item.claimed_by && (
          <span className={classes.claim}>
            <IconLock size={14} aria-hidden /> {holder}
          </span>
        )}
      </span>
      {item.identity_disagreement.length > 0 && !item.identity_confirmed ? (
        <span className={classes.identity}>
          <IconAlertTriangle size={14} aria-hidden /> <span>{t('why.identity')}</span>
        </span>
      ) : (
        <span className={classes.why}>{whyHere(item, aiHidden, t, maybe)}</span>
      )}
    </button>
  );
});
