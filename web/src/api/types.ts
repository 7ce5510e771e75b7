import type { components } from './schema';

type Schemas = components['schemas'];

export type Access = Schemas['Access'];
export type Account = Schemas['Account'];
export type Analysis = Schemas['Analysis'];
export type Annotations = Schemas['Annotations'];
export type AuditLog = Schemas['AuditLog'];
export type CalibrationBin = Schemas['CalibrationBin'];
export type Comparison = Schemas['Comparison'];
export type Consent = Schemas['Consent'];
export type ConsentKind = Schemas['ConsentKind'];
export type Correction = Schemas['Correction'];
export type CorrectionSubject = Schemas['CorrectionSubject'];
export type DayStanding = Schemas['DayStanding'];
export type ImpressionFigures = Schemas['ImpressionFigures'];
export type EmergencyAccess = Schemas['EmergencyAccess'];
export type EmergencyReport = Schemas['EmergencyReport'];
export type Erasure = Schemas['Erasure'];
export type FoundPatient = Schemas['FoundPatient'];
export type Gender = Schemas['Gender'];
export type HistoryAnswer = Schemas['HistoryAnswer'];
export type HistoryProposal = Schemas['HistoryProposal'];
export type Image = Schemas['Image'];
export type InvitationCode = Schemas['InvitationCode'];
export type Job = Schemas['Job'];
export type LegalHold = Schemas['LegalHold'];
export type ListedReport = Schemas['ListedReport'];
export type Me = Schemas['Me'];
export type MedicalHistory = Schemas['MedicalHistory'];
export type Model = Schemas['Model'];
export type ModelAlarm = Schemas['ModelAlarm'];
export type ModelChange = Schemas['ModelChange'];
export type ModelFigures = Schemas['ModelFigures'];
export type ModelStage = Schemas['ModelStage'];
export type Notification = Schemas['Notification'];
export type Passkey = Schemas['Passkey'];
export type PasskeyAnswer = Schemas['PasskeyAnswer'];
export type PasskeyCreation = Schemas['PasskeyCreation'];
export type Priors = Schemas['Priors'];
export type PriorStudy = Schemas['PriorStudy'];
export type PasskeyMade = Schemas['PasskeyMade'];
export type PasskeyRequest = Schemas['PasskeyRequest'];
export type Patient = Schemas['Patient'];
export type Profile = Schemas['Profile'];
export type Promotion = Schemas['Promotion'];
export type QuantityDrift = Schemas['QuantityDrift'];
export type QueueAnswer = Schemas['QueueAnswer'];
export type QueueItem = Schemas['QueueItem'];
export type QueueSummary = Schemas['QueueSummary'];
export type Rate = Schemas['Rate'];
export type Recalibrated = Schemas['Recalibrated'];
export type Receipt = Schemas['Receipt'];
export type Report = Schemas['Report'];
export type ReportDetail = Schemas['ReportDetail'];
export type ReportStatus = Schemas['ReportStatus'];
export type Review = Schemas['Review'];
export type ReviewFields = Schemas['ReviewFields'];
export type RiskCategory = Schemas['RiskCategory'];
export type Role = Schemas['Role'];
export type SecondFactorNeeded = Schemas['SecondFactorNeeded'];
export type Setting = Schemas['Setting'];
export type SignedIn = Schemas['SignedIn'];
export type Subgroup = Schemas['Subgroup'];
export type UploadWarning = Schemas['UploadWarning'];
export type UrgencyLevel = Schemas['UrgencyLevel'];

/** One of the model's findings, as an analysis holds it. */
export interface Finding {
  name: string;
  probability: number;
  severity: RiskCategory;
  confidence?: number;
  region?: { side: string; zone: string } | null;
}

/** The findings of an analysis; anything of another form is left out. */
export function findingsOf(analysis: Analysis): Finding[] {
  const list = analysis.findings as unknown;
  if (!Array.isArray(list)) return [];
  return list.filter(
    (item): item is Finding => typeof item === 'object' && item !== null && 'name' in item && 'probability' in item,
  );
}

/** A JSON value as a list of texts: history entries, recommendations and the like. */
export function linesOf(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap(linesOf);
  if (typeof value === 'object') {
    const entries = Object.entries(value as Record<string, unknown>).filter(([, part]) => part !== null && part !== '');
    return entries.length === 0 ? [] : [entries.map(([key, part]) => `${key}: ${linesOf(part).join(', ')}`).join(', ')];
  }
  const text = String(value).trim();
  return text ? [text] : [];
}
