import { useMemo } from 'react';
import { type Translate, useSpeech } from '@/i18n';
import { waitSince } from './wait';

/** How dates, numbers and waits are written in a language. */
export function formats(language: string, t: Translate) {
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const figure = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const three = new Intl.NumberFormat(language, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const moment = (value: string | null | undefined, form: Intl.DateTimeFormat) =>
    value ? form.format(new Date(value)) : '–';
  return {
    /** A calendar day such as a birth date: without a time zone. */
    day: (value: string | null | undefined) => (value ? date.format(new Date(`${value.slice(0, 10)}T12:00:00`)) : '–'),
    date: (value: string | null | undefined) => moment(value, date),
    dateTime: (value: string | null | undefined) => moment(value, dateTime),
    time: (value: string | null | undefined) => moment(value, time),
    percent: (value: number) => percent.format(value),
    whole: (value: number) => whole.format(value),
    /** A probability with two decimals, as in `0.94`. */
    score: (value: number) => figure.format(value),
    /** A number with as many decimals as it has, two at most. */
    plain: (value: number) => plain.format(value),
    /** A figure with three decimals, as in `0.943`. */
    fine: (value: number) => three.format(value),
    /** A probability of a test: `= 0.031`, and `< 0.001` where it is smaller. */
    p: (value: number) => (value < 0.001 ? `< ${three.format(0.001)}` : `= ${three.format(value)}`),
    bytes: (value: number) => {
      const units = ['B', 'kB', 'MB', 'GB'];
      const step = value < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(value) / 3));
      return `${new Intl.NumberFormat(language, { maximumFractionDigits: step ? 1 : 0 }).format(value / 1000 ** step)} ${units[step]}`;
    },
    wait: (from: string, now: number) => {
      const { unit, value } = waitSince(from, now);
      return t(`wait.${unit}`, { value: whole.format(value) });
    },
  };
}

export function useFormats() {
  const { language, t } = useSpeech();
  return useMemo(() => formats(language, t), [language, t]);
}
