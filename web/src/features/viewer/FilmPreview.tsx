import { useEffect, useRef, useState } from 'react';
import { useT } from '@/i18n';
import { type Frame, frameAddress, requestFrame } from './frames';
import { fitted, picture } from './preview';
import type { Film } from './Stage';
import classes from './Viewer.module.css';

/** Milliseconds after which a smaller picture is asked for, when the film itself has not come: on a slow line. */
const PATIENCE = 400;

/**
 * The film as it will be placed, until the viewer has drawn it: from the film's own samples as soon as they are there,
 * on a slow line from a smaller picture that the server makes. For looking only: it takes no tool, and says what it is.
 */
export function FilmPreview({ film, onShown }: { film: Film; onShown: () => void }) {
  const t = useT();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [small, setSmall] = useState<string | null>(null);
  const [shown, setShown] = useState(false);
  const { reportId, imageId, spacing } = film;

  useEffect(() => {
    let current = true;
    const show = () => {
      if (!current) return;
      setShown(true);
      onShown();
    };
    const slow = setTimeout(() => {
      const pane = canvas.current?.parentElement;
      if (!pane) return;
      const edge = Math.max(pane.clientWidth, pane.clientHeight) * devicePixelRatio;
      const size = Math.min(2048, Math.max(256, Math.ceil(edge / 256) * 256));
      setSmall(`/api/reports/${reportId}/images/${imageId}/rendered?format=jpeg&quality=80&size=${size}`);
    }, PATIENCE);
    const draw = (frame: Frame) => {
      clearTimeout(slow);
      if (!current || !canvas.current) return;
      paint(canvas.current, frame, spacing);
      setSmall(null);
      show();
    };
    requestFrame(frameAddress(reportId, imageId))
      .then(draw)
      // The viewer asks for the same film and says what is wrong.
      .catch(() => clearTimeout(slow));
    return () => {
      current = false;
      clearTimeout(slow);
    };
  }, [reportId, imageId, spacing, onShown]);

  return (
    <div className={classes.preview} data-preview={shown || undefined}>
      <canvas ref={canvas} aria-hidden />
      {small && (
        <img
          src={small}
          alt=""
          onLoad={() => {
            setShown(true);
            onShown();
          }}
          onError={() => setSmall(null)}
        />
      )}
      {shown && (
        <div className={classes.previewNote} role="status">
          {t('viewer.preview')}
        </div>
      )}
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, frame: Frame, spacing: Film['spacing']): void {
  const pane = canvas.parentElement;
  if (!pane || pane.clientWidth === 0 || pane.clientHeight === 0) return;
  const size = fitted(frame.description, spacing, { width: pane.clientWidth, height: pane.clientHeight });
  const width = Math.max(1, Math.round(size.width * devicePixelRatio));
  const height = Math.max(1, Math.round(size.height * devicePixelRatio));
  canvas.width = width;
  canvas.height = height;
  canvas.style.width = `${size.width}px`;
  canvas.style.height = `${size.height}px`;
  canvas.getContext('2d')?.putImageData(new ImageData(picture(frame, width, height), width, height), 0, 0);
}
