import { Text, Title } from '@mantine/core';
import type { ImpressionFigures } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { RateText } from './RateText';

/** Doctors before and after they saw the AI. */
export function FirstImpressionFigures({ figures }: { figures: ImpressionFigures }) {
  const t = useT();
  const formats = useFormats();
  return (
    <>
      <Title order={4} fz={15} mt="lg" mb={4}>
        {t('models.first')}
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        {t('models.first.text')}
      </Text>
      <dl className="facts">
        <dt>{t('models.cases')}</dt>
        <dd>{formats.whole(figures.cases)}</dd>
        <dt>{t('models.first.alone')}</dt>
        <dd>
          <RateText rate={figures.alone_agrees} />
        </dd>
        <dt>{t('models.first.ai')}</dt>
        <dd>
          <RateText rate={figures.ai_agrees} />
        </dd>
        <dt>{t('models.first.toAi')}</dt>
        <dd>{formats.whole(figures.moved_to_ai)}</dd>
        <dt>{t('models.first.elsewhere')}</dt>
        <dd>{formats.whole(figures.moved_elsewhere)}</dd>
      </dl>
    </>
  );
}
