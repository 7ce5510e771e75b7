import { useT } from '@/i18n';
import { PageTitle } from '@/shared/states';
import classes from './patient.module.css';

const questions = ['who', 'when', 'words', 'ai', 'score', 'safe', 'wrong', 'pdf', 'emergency'] as const;

/** What patients ask. */
export function FaqPage() {
  const t = useT();
  return (
    <div className="page page-narrow">
      <PageTitle>{t('nav.faq')}</PageTitle>
      <div className={`panel ${classes.faq}`}>
        {questions.map((question) => (
          <details key={question}>
            <summary>{t(`faq.${question}.q`)}</summary>
            <p>{t(`faq.${question}.a`)}</p>
          </details>
        ))}
      </div>
    </div>
  );
}
