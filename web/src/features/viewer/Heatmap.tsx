import { useEffect, useRef } from 'react';
import { useT } from '@/i18n';
import type { PaneState } from './Stage';
import classes from './Viewer.module.css';

/** Side of the picture that the server makes of the heatmap. */
const SIDE = 768;

/** The heatmap laid over the film; it follows every move of it. */
export function Heatmap({ url, place, opacity }: { url: string; place: PaneState['place']; opacity: number }) {
  const t = useT();
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const style = image.current?.style;
    if (!style) return;
    const [a, b, c, d, e, f] = place;
    style.transform = `matrix(${a / SIDE}, ${b / SIDE}, ${c / SIDE}, ${d / SIDE}, ${e}, ${f})`;
    style.opacity = String(opacity);
  }, [place, opacity]);
  return (
    <div className={classes.heatmap}>
      <img
        ref={image}
        src={`${url}?width=${SIDE}&height=${SIDE}`}
        alt={t('viewer.heatmapAlt')}
        width={SIDE}
        height={SIDE}
        draggable={false}
      />
    </div>
  );
}
