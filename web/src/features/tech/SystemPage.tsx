import { Button, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, take } from '@/api/client';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { PageTitle, Shown } from '@/shared/states';
import classes from './tech.module.css';

interface Readiness {
  ready: boolean;
  parts: { name: string; ready: boolean; detail?: string | null }[];
}

/** Asks whether every part works. 503 is an answer here, not a failure. */
async function readiness(): Promise<Readiness & { asked: string }> {
  const response = await fetch('/readyz');
  return { ...((await response.json()) as Readiness), asked: new Date().toISOString() };
}

/** How the portal is doing. */
export function SystemPage() {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const ready = useQuery({ queryKey: ['ready'], queryFn: readiness, refetchInterval: 15_000 });
  const dead = useQuery({
    queryKey: ['jobs', 'dead-count'],
    queryFn: () => take(api.GET('/api/jobs', { params: { query: { state: 'dead', limit: 200 } } })),
  });
  const waiting = useQuery({
    queryKey: ['jobs', 'queued-count'],
    queryFn: () => take(api.GET('/api/jobs', { params: { query: { state: 'queued', limit: 200 } } })),
  });
  const models = useQuery({
    queryKey: ['models', 'first'],
    queryFn: () => take(api.GET('/api/models', { params: { query: { limit: 50 } } })),
  });
  const active = models.data?.items.find((model) => model.is_active);
  const count = (answer: { items: unknown[]; next_cursor?: string | null } | undefined) =>
    answer ? `${formats.whole(answer.items.length)}${answer.next_cursor ? '+' : ''}` : '–';
  return (
    <div className="page">
      <PageTitle
        text={t('system.text')}
        aside={
          <Button
            variant="default"
            leftSection={<IconRefresh size={18} aria-hidden />}
            loading={ready.isFetching}
            onClick={() => void ready.refetch()}
          >
            {t('system.check')}
          </Button>
        }
      >
        {t('nav.system')}
      </PageTitle>
      <Shown query={ready}>
        {(state) => (
          <section className="panel">
            <Title order={2} fz={17} mb="sm">
              {t(state.ready ? 'system.ready' : 'system.notReady')}
            </Title>
            <ul className={classes.parts}>
              {state.parts.map((part) => (
                <li key={part.name} data-ready={part.ready || undefined}>
                  {part.ready ? <IconCircleCheck size={22} aria-hidden /> : <IconCircleX size={22} aria-hidden />}
                  <span>
                    <strong>{maybe(`system.part.${part.name}`) ?? part.name}</strong>
                    <Text component="span" size="sm" display="block" c="dimmed">
                      {part.ready ? t('system.works') : part.detail}
                    </Text>
                  </span>
                </li>
              ))}
            </ul>
            <Text size="xs" c="dimmed" mt="sm">
              {t('system.asked', { time: formats.dateTime(state.asked) })}
            </Text>
          </section>
        )}
      </Shown>
      <section className="panel" style={{ marginTop: 16 }} aria-label={t('system.figures')}>
        <div className="figures">
          <div>
            <div className="figure-label">{t('system.model')}</div>
            <div className={classes.value}>
              {active ? (
                <Link to="/models">
                  {active.model_name} {active.version}
                </Link>
              ) : (
                '–'
              )}
            </div>
          </div>
          <div>
            <div className="figure-label">{t('jobs.state.queued')}</div>
            <div className="figure-value">{count(waiting.data)}</div>
          </div>
          <div>
            <div className="figure-label">{t('jobs.state.dead')}</div>
            <div className="figure-value">
              <Link to="/jobs">{count(dead.data)}</Link>
            </div>
          </div>
        </div>
        <Text size="sm" c="dimmed" mt="sm">
          {t('system.metrics')} <a href="/metrics">/metrics</a> · <a href="/api/docs/">/api/docs</a>
        </Text>
      </section>
    </div>
  );
}
