import { Button, Text } from '@mantine/core';
import { useT } from '@/i18n';
import { Shown } from '@/shared/states';
import { useCountFigures, useStandings } from './queries';
import { StandingFigures } from './StandingFigures';

/** How a model stands, or why nothing is known of that. */
export function Standing({ modelId, isScoring, mayManage }: { modelId: string; isScoring: boolean; mayManage: boolean }) {
  const t = useT();
  const query = useStandings(modelId);
  const count = useCountFigures();
  return (
    <Shown query={query} rows={3}>
      {({ items }) => {
        const [latest] = items;
        if (latest) return <StandingFigures latest={latest} days={items} />;
        return (
          <>
            <Text size="sm">{t(isScoring ? 'models.standing.none' : 'models.standing.silent')}</Text>
            {isScoring && mayManage && (
              <Button size="xs" mt="xs" variant="default" loading={count.isPending} onClick={() => count.mutate()}>
                {t('models.count')}
              </Button>
            )}
          </>
        );
      }}
    </Shown>
  );
}
