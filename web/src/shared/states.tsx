import { Alert, Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconInbox } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { asProblem } from '@/api/problem';
import { useSpeech } from '@/i18n';
import { useProblemText } from './problems';

/** An error with what to do and the request's number. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useSpeech();
  const text = useProblemText();
  const problem = asProblem(error);
  return (
    <Alert role="alert" color="red" variant="outline" icon={<IconAlertTriangle aria-hidden />} title={t('error.title')}>
      <Stack gap="xs" align="start">
        <Text size="sm">{text(problem)}</Text>
        {problem.requestId && (
          <Text size="xs" c="dimmed" className="mono">
            {t('common.requestId', { id: problem.requestId })}
          </Text>
        )}
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('common.retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** The place of a list that holds nothing. */
export function Empty({ title, children, icon }: { title: string; children?: ReactNode; icon?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" ta="center">
      <span aria-hidden>{icon ?? <IconInbox size={40} stroke={1.2} />}</span>
      <Text fw={600}>{title}</Text>
      {children && (
        <Text size="sm" c="dimmed" component="div" maw={440}>
          {children}
        </Text>
      )}
    </Stack>
  );
}

/** Grey bars while something loads. */
export function Loading({ rows = 4 }: { rows?: number }) {
  const { t } = useSpeech();
  return (
    <Stack gap="sm" py="sm" role="status" aria-label={t('common.loading')}>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={44} radius="md" />
      ))}
    </Stack>
  );
}

/** A page's heading with what stands beside it. */
export function PageTitle({ children, text, aside }: { children: ReactNode; text?: string; aside?: ReactNode }) {
  return (
    <div className="row" style={{ justifyContent: 'space-between', marginBottom: 20 }}>
      <div>
        <Title order={1} fz={26} tabIndex={-1}>
          {children}
        </Title>
        {text && (
          <Text c="dimmed" mt={4}>
            {text}
          </Text>
        )}
      </div>
      {aside}
    </div>
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** Shows what a query brought, or its loading or error state. Old data stays visible when a renewal fails. */
export function Shown<T>({
  query,
  children,
  rows,
}: {
  query: QueryLike<T>;
  children: (data: T) => ReactNode;
  rows?: number;
}) {
  if (query.data !== undefined) {
    return (
      <>
        {query.error ? <ErrorNote error={query.error} onRetry={() => void query.refetch()} /> : null}
        {children(query.data)}
      </>
    );
  }
  if (query.error) return <ErrorNote error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading rows={rows} />;
}
