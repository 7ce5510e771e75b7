import type { Subgroup } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import classes from './models.module.css';
import { RateText } from './RateText';

/** The figures by sex and age; wide intervals show how little small groups say. */
export function Subgroups({ subgroups }: { subgroups: Subgroup[] }) {
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  if (subgroups.length === 0) return null;
  const name = ({ by, group }: Subgroup) => {
    const words = group === 'unknown' ? t('common.unknown') : (maybe(`gender.${group}`) ?? group.replace('-', '–'));
    return `${maybe(`models.by.${by}`) ?? by}: ${words}`;
  };
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label={t('models.subgroups')}>
      <table className={classes.table}>
        <caption>{t('models.subgroups')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('models.subgroup')}</th>
            <th scope="col">{t('models.cases')}</th>
            <th scope="col">{t('models.positives')}</th>
            <th scope="col">{t('models.sensitivity')}</th>
            <th scope="col">{t('models.specificity')}</th>
          </tr>
        </thead>
        <tbody>
          {subgroups.map((each) => (
            <tr key={`${each.by} ${each.group}`}>
              <th scope="row">{name(each)}</th>
              <td>{formats.whole(each.cases)}</td>
              <td>{formats.whole(each.positives)}</td>
              <td>
                <RateText rate={each.sensitivity} />
              </td>
              <td>
                <RateText rate={each.specificity} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
