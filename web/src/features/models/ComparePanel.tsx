import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { Model } from '@/api/types';
import { useT } from '@/i18n';
import { Shown } from '@/shared/states';
import { ComparisonView } from './ComparisonView';
import { nameOf } from './governance';
import { useComparison } from './queries';

const spans = [7, 30, 90, 365, 3650];

/** A model beside the active one, over a time of choice. */
export function ComparePanel({ active, other }: { active: Model; other: Model }) {
  const t = useT();
  const [days, setDays] = useState(90);
  const query = useComparison(active.model_id, other.model_id, days);
  return (
    <>
      <NativeSelect
        maw={240}
        label={t('models.compare.days')}
        value={String(days)}
        onChange={(event) => setDays(Number(event.currentTarget.value))}
        data={spans.map((span) => ({
          value: String(span),
          label: span === 3650 ? t('models.compare.ever') : t('models.compare.span', { count: span }),
        }))}
      />
      <Shown query={query} rows={3}>
        {(comparison) => (
          <ComparisonView
            comparison={comparison}
            first={nameOf([active, other], comparison.model_id)}
            second={nameOf([active, other], comparison.other_model_id)}
          />
        )}
      </Shown>
    </>
  );
}
