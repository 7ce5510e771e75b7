import { useQuery } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { MedicalHistory } from '@/api/types';

/** A patient's medical history; null when none is recorded yet. */
export function useHistory(patientId: string) {
  return useQuery({
    queryKey: ['history', patientId],
    queryFn: async (): Promise<MedicalHistory | null> => {
      try {
        return await take(
          api.GET('/api/patients/{patient_id}/history', { params: { path: { patient_id: patientId } } }),
        );
      } catch (error) {
        if (asProblem(error).status === 404) return null;
        throw error;
      }
    },
  });
}
