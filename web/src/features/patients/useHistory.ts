import { useQuery } from '@tanstack/react-query';
import { api, take } from '@/api/client';

/** A patient's medical history with what the patient proposes. */
export function useHistory(patientId: string) {
  return useQuery({
    queryKey: ['history', patientId],
    queryFn: () =>
      take(api.GET('/api/patients/{patient_id}/history', { params: { path: { patient_id: patientId } } })),
  });
}
