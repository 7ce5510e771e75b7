import type { Report } from '@/api/types';

/** What the radiologist's uploads come to. */
export interface UploadFigures {
  total: number;
  waiting: number;
  analyzed: number;
  reviewed: number;
  high: number;
  unscored: number;
  /** Minutes from arrival to the end of the analysis, in the middle; null while none has ended. */
  medianAnalysisMinutes: number | null;
  /** Uploads on each of the last days, oldest first. */
  perDay: { day: string; count: number }[];
}

/** Counts the loaded uploads. `now` gives the last of `days` days, in the user's time zone. */
export function figuresOf(reports: readonly Report[], now: Date, days = 14): UploadFigures {
  const perDay = Array.from({ length: days }, (_, index) => {
    const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() - (days - 1 - index));
    return { day: localDay(date), count: 0 };
  });
  const byDay = new Map(perDay.map((entry) => [entry.day, entry]));
  for (const report of reports) {
    const entry = byDay.get(localDay(new Date(report.upload_date)));
    if (entry) entry.count += 1;
  }
  const done = reports.filter((report) => report.status === 'analyzed' || report.status === 'reviewed');
  const minutes = reports
    .filter((report) => report.analysis_date)
    .map((report) => (Date.parse(report.analysis_date as string) - Date.parse(report.upload_date)) / 60_000)
    .sort((a, b) => a - b);
  const middle = Math.floor(minutes.length / 2);
  const median =
    minutes.length === 0
      ? null
      : minutes.length % 2 === 1
        ? (minutes[middle] as number)
        : ((minutes[middle - 1] as number) + (minutes[middle] as number)) / 2;
  return {
    total: reports.length,
    waiting: reports.length - done.length,
    analyzed: reports.filter((report) => report.status === 'analyzed').length,
    reviewed: reports.filter((report) => report.status === 'reviewed').length,
    high: reports.filter((report) => report.risk_score === 'high').length,
    unscored: done.filter((report) => report.risk_score == null).length,
    medianAnalysisMinutes: median,
    perDay,
  };
}

function localDay(date: Date): string {
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
}
