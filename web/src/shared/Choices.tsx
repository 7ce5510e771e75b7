import type { ReactNode } from 'react';
import classes from '@/features/doctor/panels.module.css';

/** A few choices side by side, of which one holds. Works by mouse, finger, Tab and arrow keys. */
export function Choices<T extends string>({
  legend,
  name,
  value,
  options,
  onChange,
  error,
  required,
}: {
  legend: string;
  name: string;
  value: T | '';
  options: { value: T; label: ReactNode }[];
  onChange: (value: T) => void;
  error?: string;
  required?: boolean;
}) {
  return (
    <fieldset className={classes.choices} aria-describedby={error ? `${name}-error` : undefined}>
      <legend>
        {legend}
        {required && <span aria-hidden> *</span>}
      </legend>
      {options.map((option) => (
        <label key={option.value} className={classes.choice}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={value === option.value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
      {error && (
        <div id={`${name}-error`} className={classes.wrong} role="alert">
          {error}
        </div>
      )}
    </fieldset>
  );
}
