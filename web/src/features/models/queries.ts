import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import { useT } from '@/i18n';
import { useErrorText } from '@/shared/problems';
import { toast } from '@/shared/toast';

/** Every query about models begins with this word, so that a change renews them all. */
const key = 'models';

export function useModels() {
  return useQuery({
    queryKey: [key, 'all'],
    queryFn: () => take(api.GET('/api/models', { params: { query: { limit: 200 } } })),
  });
}

/** The newest requests; an open one is among them, since no other can follow it. */
export function usePromotions() {
  return useQuery({
    queryKey: [key, 'promotions'],
    queryFn: () => take(api.GET('/api/models/promotions', { params: { query: { limit: 50 } } })),
  });
}

export function useOpenAlarms() {
  return useQuery({
    queryKey: [key, 'alarms'],
    queryFn: () => take(api.GET('/api/models/alarms', { params: { query: { open: true, limit: 200 } } })),
  });
}

export function useStandings(modelId: string) {
  return useQuery({
    queryKey: [key, modelId, 'standings'],
    queryFn: () => take(api.GET('/api/models/{model_id}/standings', { params: { path: { model_id: modelId } } })),
  });
}

export function useComparison(activeId: string, otherId: string, days: number) {
  return useQuery({
    queryKey: [key, otherId, 'comparison', activeId, days],
    queryFn: () =>
      take(
        api.GET('/api/models/{model_id}/comparison', {
          params: { path: { model_id: activeId }, query: { with: otherId, days } },
        }),
      ),
  });
}

/** Reads everything about models anew. */
export function useRenewModels(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: [key] });
}

/** Has the figures counted; the page looks for them a few times, since a job does it. */
export function useCountFigures() {
  const t = useT();
  const errorText = useErrorText();
  const renew = useRenewModels();
  return useMutation({
    mutationFn: () => take(api.POST('/api/models/figures')),
    onSuccess: () => {
      toast(t('models.counting'));
      for (const wait of [1500, 4000, 10_000, 25_000]) setTimeout(renew, wait);
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
}
