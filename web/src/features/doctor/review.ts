import type { Review, ReviewFields, RiskCategory, UrgencyLevel } from '@/api/types';

/** Why a doctor disagrees with the AI, as a word that can be counted. */
export const disagreementReasons = [
  'overcalled',
  'missed',
  'wrong_place',
  'wrong_finding',
  'image_quality',
  'clinical_context',
  'other',
] as const;
export type DisagreementReason = (typeof disagreementReasons)[number];

export interface Medication {
  name: string;
  dose: string;
}

/** The review form as it stands on the screen. */
export interface ReviewForm {
  verdict: 'agree' | 'disagree' | '';
  reason: DisagreementReason | '';
  reasonText: string;
  rating: number;
  risk: RiskCategory | '';
  urgency: UrgencyLevel | '';
  findings: string;
  action: string;
  followUp: boolean;
  followUpDate: string;
  treatment: string;
  medication: Medication[];
  notes: string;
}

export const emptyForm: ReviewForm = {
  verdict: '',
  reason: '',
  reasonText: '',
  rating: 0,
  risk: '',
  urgency: '',
  findings: '',
  action: '',
  followUp: false,
  followUpDate: '',
  treatment: '',
  medication: [],
  notes: '',
};

/** The form out of a saved draft. */
export function formOf(draft: Review | undefined): ReviewForm {
  if (!draft) return emptyForm;
  const [reason, ...rest] = (draft.ai_disagreement_reason ?? '').split(': ');
  const isKnown = (disagreementReasons as readonly string[]).includes(reason ?? '');
  return {
    verdict: draft.confirmed_ai_diagnosis == null ? '' : draft.confirmed_ai_diagnosis ? 'agree' : 'disagree',
    reason: isKnown ? (reason as DisagreementReason) : '',
    reasonText: isKnown ? rest.join(': ') : (draft.ai_disagreement_reason ?? ''),
    rating: draft.ai_accuracy_rating ?? 0,
    risk: draft.doctor_risk_assessment ?? '',
    urgency: draft.urgency_level ?? '',
    findings: draft.clinical_findings ?? '',
    action: draft.recommended_action ?? '',
    followUp: draft.follow_up_required,
    followUpDate: draft.follow_up_date ?? '',
    treatment: draft.treatment_plan ?? '',
    medication: medicationOf(draft.medication_prescribed),
    notes: draft.review_notes ?? '',
  };
}

/** Medication in the form in which this interface writes it; other forms become names. */
export function medicationOf(stored: unknown): Medication[] {
  if (!Array.isArray(stored)) return [];
  return stored.map((item) => {
    if (typeof item === 'object' && item !== null) {
      const { name, dose } = item as Partial<Medication>;
      return { name: String(name ?? ''), dose: String(dose ?? '') };
    }
    return { name: String(item), dose: '' };
  });
}

/** What is sent to the server: empty fields as nothing. */
export function fieldsOf(form: ReviewForm): ReviewFields {
  const text = (value: string) => value.trim() || null;
  const reason = [form.reason, form.reasonText.trim()].filter(Boolean).join(': ');
  const medication = form.medication.filter(({ name }) => name.trim());
  return {
    confirmed_ai_diagnosis: form.verdict === '' ? null : form.verdict === 'agree',
    ai_disagreement_reason: form.verdict === 'disagree' ? reason || null : null,
    ai_accuracy_rating: form.rating || null,
    doctor_risk_assessment: form.risk || null,
    urgency_level: form.urgency || null,
    clinical_findings: text(form.findings),
    recommended_action: text(form.action),
    follow_up_required: form.followUp,
    follow_up_date: form.followUp && form.followUpDate ? form.followUpDate : null,
    treatment_plan: text(form.treatment),
    medication_prescribed: medication.length > 0 ? medication : null,
    review_notes: text(form.notes),
  };
}

export type MissingField = 'risk' | 'urgency' | 'findings' | 'verdict' | 'reason' | 'followUpDate';

/** What is still needed before the review can be signed. */
export function missingIn(form: ReviewForm, scored: boolean, today: string): MissingField[] {
  const missing: MissingField[] = [];
  if (!form.findings.trim()) missing.push('findings');
  if (scored && !form.verdict) missing.push('verdict');
  if (scored && form.verdict === 'disagree' && !form.reason && !form.reasonText.trim()) missing.push('reason');
  if (!form.risk) missing.push('risk');
  if (!form.urgency) missing.push('urgency');
  if (form.followUp && (!form.followUpDate || form.followUpDate < today)) missing.push('followUpDate');
  return missing;
}
