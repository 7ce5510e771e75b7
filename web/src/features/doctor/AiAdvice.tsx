import { Text } from '@mantine/core';
import type { RiskCategory } from '@/api/types';
import { useSpeech } from '@/i18n';

/** What the templates say as they come; a clinic that has written its own keeps its own words. */
const delivered: Record<RiskCategory, string[]> = {
  low: ['Read in the usual order.', 'A low score does not rule disease out.'],
  medium: ['Read before routine cases.', 'Compare with prior films and the clinical picture.'],
  high: ['Read next.', 'Tell the referring clinician if the finding is confirmed.'],
};

/** What to do by the AI's category: in the user's language unless the clinic has written words of its own. */
export function AiAdvice({ risk, lines }: { risk: RiskCategory; lines: string[] }) {
  const { maybe } = useSpeech();
  return lines.map((line) => {
    const place = delivered[risk].indexOf(line);
    return (
      <Text key={line} size="sm" mt={6}>
        {(place >= 0 && maybe(`advice.${risk}.${place + 1}`)) || line}
      </Text>
    );
  });
}
