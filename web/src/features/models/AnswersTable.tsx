import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import classes from './models.module.css';

const words = ['low', 'medium', 'high', 'none'] as const;

/** What two models said of the same cases: the first down, the second across; equal answers on the diagonal. */
export function AnswersTable({
  answers,
  first,
  second,
  children,
}: {
  answers: number[][];
  first: string;
  second: string;
  children?: ReactNode;
}) {
  const t = useT();
  const formats = useFormats();
  return (
    <div>
      <div className="scroll-x" tabIndex={0} role="group" aria-label={t('models.compare.answers')}>
        <table className={classes.table}>
          <caption>{t('models.compare.answers')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('models.compare.corner', { first, second })}</th>
              {words.map((word) => (
                <th key={word} scope="col">
                  {t(`risk.${word}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {words.map((word, row) => (
              <tr key={word}>
                <th scope="row">{t(`risk.${word}`)}</th>
                {words.map((other, column) => (
                  <td key={other} data-same={row === column || undefined}>
                    {formats.whole(answers[row]?.[column] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {children && (
        <Text size="sm" mt={8} component="div">
          {children}
        </Text>
      )}
    </div>
  );
}
