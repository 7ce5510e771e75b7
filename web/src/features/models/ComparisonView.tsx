import { Text } from '@mantine/core';
import type { Comparison } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { AnswersTable } from './AnswersTable';
import classes from './models.module.css';
import { RateText } from './RateText';

/** Two models on the cases that both saw: what they said, and how that agrees with signed reviews. */
export function ComparisonView({ comparison, first, second }: { comparison: Comparison; first: string; second: string }) {
  const t = useT();
  const formats = useFormats();
  if (comparison.cases === 0) {
    return (
      <Text size="sm" mt="sm">
        {t('models.compare.none')}
      </Text>
    );
  }
  const sides = [
    [first, comparison.first],
    [second, comparison.second],
  ] as const;
  return (
    <>
      <Text size="sm" c="dimmed" mt="sm">
        {t('models.compare.since', { count: comparison.cases, day: formats.date(comparison.since) })}{' '}
        {t('models.compare.signed', { count: comparison.signed })}
      </Text>
      <div className={classes.pair}>
        <AnswersTable answers={comparison.answers} first={first} second={second}>
          {t('models.compare.agreement')}: <RateText rate={comparison.agreement} />
        </AnswersTable>
        <div>
          <div className="scroll-x" tabIndex={0} role="group" aria-label={t('models.compare.figures')}>
            <table className={classes.table}>
              <caption>{t('models.compare.figures')}</caption>
              <thead>
                <tr>
                  <td />
                  {sides.map(([name]) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {(['sensitivity', 'specificity'] as const).map((figure) => (
                  <tr key={figure}>
                    <th scope="row">{t(`models.${figure}`)}</th>
                    {sides.map(([name, side]) => (
                      <td key={name}>
                        <RateText rate={side[figure]} />
                      </td>
                    ))}
                  </tr>
                ))}
                <tr>
                  <th scope="row">{t('models.auroc')}</th>
                  {sides.map(([name, side]) => (
                    <td key={name}>{side.auroc == null ? '–' : formats.fine(side.auroc)}</td>
                  ))}
                </tr>
              </tbody>
            </table>
          </div>
          <Text size="sm" mt={8}>
            {t('models.compare.only', {
              first: formats.whole(comparison.only_first_right),
              second: formats.whole(comparison.only_second_right),
            })}{' '}
            {comparison.p_value == null ? t('models.compare.noP') : t('models.compare.p', { p: formats.p(comparison.p_value) })}
          </Text>
        </div>
      </div>
    </>
  );
}
