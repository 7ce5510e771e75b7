import { asProblem, type FieldError, type Problem, type RejectedFile } from '@/api/problem';
import type { UploadWarning } from '@/api/types';
import { type Speech, useSpeech } from '@/i18n';

/** Whether the server's own words, which are English, may stand: they say the most. */
const speaksAsServer = ({ language }: Speech) => language === 'en';

function ofField(speech: Speech, { field, code, detail, limit }: FieldError): string {
  // A part of a nested field is named like the field: `medication_prescribed[0].name`.
  const name = field.split(/[.[]/)[0];
  const special = speech.maybe(`field.${code}.${name}`);
  if (special) return special;
  if (speaksAsServer(speech)) return detail;
  const withLimit = limit == null ? undefined : speech.maybe(`field.${code}.limit`, { limit });
  return withLimit ?? speech.maybe(`field.${code}`) ?? detail;
}

/** What is wrong with one field, in the user's language. */
export function useFieldText(): (problem: Problem | null | undefined, field: string) => string | undefined {
  const speech = useSpeech();
  return (problem, field) => {
    const error = problem?.errors.find((each) => each.field === field);
    return error && ofField(speech, error);
  };
}

/** The words for a problem in the user's language, or the server's own. */
export function useProblemText(): (problem: Problem) => string {
  const speech = useSpeech();
  return (problem) => {
    if (problem.errors.length > 0) {
      return problem.errors
        .map((error) => {
          const name = speech.maybe(`field.name.${error.field}`) ?? error.field;
          return `${name}: ${ofField(speech, error)}`;
        })
        .join('; ');
    }
    return speech.maybe(`problem.${problem.code}`) ?? problem.message;
  };
}

/** The words for whatever was thrown. */
export function useErrorText(): (error: unknown) => string {
  const text = useProblemText();
  return (error) => text(asProblem(error));
}

/** Why a file was not taken. */
export function useFileText(): (rejected: RejectedFile) => string {
  const { maybe } = useSpeech();
  return ({ code, detail }) => maybe(`file.${code}`) ?? maybe(`problem.${code}`) ?? detail;
}

/** What is to be known of a film that was taken. */
export function useWarningText(): (warning: UploadWarning) => string {
  const { maybe } = useSpeech();
  return ({ code, detail, bytes, disagreement }) => {
    const parts = disagreement?.map((part) => maybe(`identity.${part}`) ?? part).join(', ');
    return maybe(`warning.${code}`, { bytes: bytes ?? 0, parts: parts ?? '' }) ?? detail;
  };
}
