import type { DayStanding, ModelFigures } from '@/api/types';
import classes from './models.module.css';
import { ReliabilityChart } from './ReliabilityChart';
import { RocChart } from './RocChart';
import { TrendChart } from './TrendChart';

/** The curves of a standing; a chunk of its own, since it carries the charts' library. */
export function StandingCharts({ figures, days }: { figures: ModelFigures; days: DayStanding[] }) {
  return (
    <div className={classes.charts}>
      <ReliabilityChart bins={figures.reliability} />
      <RocChart points={figures.roc} />
      {days.length > 1 && <TrendChart days={days} point="flagged" />}
      {days.length > 1 && <TrendChart days={days} point="high" />}
    </div>
  );
}
