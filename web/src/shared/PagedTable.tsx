import { Button } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { useT } from '@/i18n';
import classes from './PagedTable.module.css';
import { ErrorNote, Loading } from './states';

/** A column: what it is called, what a cell shows, and by what it sorts. */
export interface Column<T> {
  id: string;
  label: string;
  cell: (row: T) => ReactNode;
  /** The column's share of the width, as in a grid: `1fr`, `120px`. */
  width?: string;
  sortBy?: (row: T) => string | number;
}

interface Paged<T> {
  items: T[] | undefined;
  error: unknown;
  isPending: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
}

interface PagedTableProps<T> {
  label: string;
  pages: Paged<T>;
  columns: Column<T>[];
  rowKey: (row: T) => string;
  empty: ReactNode;
  rowHeight?: number;
}

/** A table that draws only the rows in view, sorts what is loaded, and becomes a list of cards on small screens. */
export function PagedTable<T>({ label, pages, columns, rowKey, empty, rowHeight = 56 }: PagedTableProps<T>) {
  const t = useT();
  const [order, setOrder] = useState<{ id: string; down: boolean } | null>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => {
    const by = order && columns.find((column) => column.id === order.id)?.sortBy;
    if (!by || !pages.items) return pages.items ?? [];
    return [...pages.items].sort((a, b) => {
      const [x, y] = [by(a), by(b)];
      const sign = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
      return order.down ? -sign : sign;
    });
  }, [pages.items, order, columns]);
  const isLong = rows.length > 100;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    enabled: isLong,
  });

  if (pages.error && !pages.items) return <ErrorNote error={pages.error} onRetry={() => void pages.refetch()} />;
  if (pages.isPending) return <Loading rows={6} />;
  if (rows.length === 0) return <>{empty}</>;
  const template = columns.map((column) => column.width ?? '1fr').join(' ');
  const shown = isLong
    ? virtual.getVirtualItems().map(({ index, start }) => ({ index, start }))
    : rows.map((_, index) => ({ index, start: undefined }));
  return (
    <>
      {pages.error ? <ErrorNote error={pages.error} onRetry={() => void pages.refetch()} /> : null}
      <div
        ref={scroll}
        className={classes.scroll}
        data-long={isLong || undefined}
        tabIndex={0}
        role="region"
        aria-label={label}
      >
        <div
          role="table"
          aria-label={label}
          aria-rowcount={pages.hasNextPage ? -1 : rows.length + 1}
          className={classes.table}
        >
          <div role="rowgroup">
            <div role="row" className={classes.head} style={{ gridTemplateColumns: template }}>
              {columns.map((column) => (
                <div
                  key={column.id}
                  role="columnheader"
                  aria-sort={order?.id === column.id ? (order.down ? 'descending' : 'ascending') : undefined}
                >
                  {column.sortBy ? (
                    <button
                      type="button"
                      onClick={() =>
                        setOrder((old) => ({ id: column.id, down: old?.id === column.id ? !old.down : false }))
                      }
                    >
                      {column.label}
                      <span aria-hidden>{order?.id === column.id ? (order.down ? ' ↓' : ' ↑') : ''}</span>
                    </button>
                  ) : (
                    column.label
                  )}
                </div>
              ))}
            </div>
          </div>
          <div role="rowgroup" className={classes.body} style={isLong ? { height: virtual.getTotalSize() } : undefined}>
            {shown.map(({ index, start }) => {
              const row = rows[index];
              if (row === undefined) return null;
              return (
                <div
                  key={rowKey(row)}
                  role="row"
                  aria-rowindex={index + 2}
                  className={classes.row}
                  style={{
                    gridTemplateColumns: template,
                    ...(start === undefined
                      ? {}
                      : {
                          position: 'absolute',
                          top: 0,
                          left: 0,
                          right: 0,
                          height: rowHeight,
                          transform: `translateY(${start}px)`,
                        }),
                  }}
                >
                  {columns.map((column) => (
                    <div key={column.id} role="cell" data-label={column.label} className={classes.cell}>
                      {column.cell(row)}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {pages.hasNextPage && (
        <Button mt="md" variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </>
  );
}
