import { Loader } from '@mantine/core';
import { type KeyboardEvent, type Ref, useCallback, useEffect, useImperativeHandle, useRef, useState } from 'react';
import { useT } from '@/i18n';
import { ErrorNote } from '@/shared/states';
import { loadStage } from './ahead';
import type { ViewerCommand } from './commands';
import type { Mark } from './documents';
import { Heatmap } from './Heatmap';
import { FilmPreview } from './FilmPreview';
import type { Film, PaneId, PaneState, Stage } from './Stage';
import { type ActiveTool, Toolbar } from './Toolbar';
import classes from './Viewer.module.css';
import type { Window } from './window';

export interface ViewerHandle {
  run: (command: ViewerCommand) => void;
}

export interface ViewerProps {
  film: Film;
  caption: string;
  /** The film to compare with, once it is known. */
  prior: Film | null;
  /** Whether there is one to compare with. */
  canCompare: boolean;
  priorCaption: string;
  compare: boolean;
  onCompare: (on: boolean) => void;
  synchronised: boolean;
  heatmapUrl: string | null;
  heatmap: boolean;
  onHeatmap: (on: boolean) => void;
  heatmapOpacity: number;
  /** The doctor's own marks; read once when the film opens. */
  marks: Mark[];
  /** Marks of other doctors, for reading only. */
  otherMarks: Mark[];
  onMarks: (marks: Mark[]) => void;
  /** The user's keys, to be named on the buttons. */
  keys: Partial<Record<string, string>>;
  ref?: Ref<ViewerHandle>;
}

const OTHER_DOCTOR = 'rgb(86, 180, 233)';

/** The film, as large as there is room, with tools that work by mouse, finger and key. */
export function Viewer(props: ViewerProps) {
  const { film, prior, compare, synchronised, marks, otherMarks, onMarks } = props;
  const t = useT();
  const stage = useRef<Stage | null>(null);
  const currentPane = useRef<HTMLDivElement>(null);
  const priorPane = useRef<HTMLDivElement>(null);
  const [tool, setTool] = useState<ActiveTool>('window');
  const [states, setStates] = useState<Partial<Record<PaneId, PaneState>>>({});
  const [loading, setLoading] = useState<Record<PaneId, boolean>>({ current: true, prior: false });
  const [errors, setErrors] = useState<Partial<Record<PaneId, unknown>>>({});
  const [attempt, setAttempt] = useState(0);
  const [engineAttempt, setEngineAttempt] = useState(0);
  const [staged, setStaged] = useState(false);
  const latest = useRef(onMarks);
  latest.current = onMarks;

  useEffect(() => {
    let current = true;
    let made: Stage | undefined;
    loadStage()
      .then((module) => {
        if (!current) return;
        const on = new module.Stage(
          (pane, state) => setStates((old) => ({ ...old, [pane]: state })),
          () => latest.current(on.marks()),
        );
        made = on;
        stage.current = on;
        setStaged(true);
      })
      .catch((error: unknown) => {
        if (!current) return;
        setErrors((old) => ({ ...old, current: error }));
        setLoading((old) => ({ ...old, current: false }));
      });
    return () => {
      current = false;
      made?.destroy();
      stage.current = null;
      setStaged(false);
    };
  }, [engineAttempt]);

  const open = useCallback((id: PaneId, element: HTMLDivElement | null, wanted: Film, then?: () => void) => {
    const on = stage.current;
    if (!on || !element) return () => undefined;
    let current = true;
    setLoading((old) => ({ ...old, [id]: true }));
    setErrors((old) => ({ ...old, [id]: undefined }));
    on.open(id, element, wanted)
      .then(() => current && then?.())
      .catch((error: unknown) => current && setErrors((old) => ({ ...old, [id]: error })))
      .finally(() => current && setLoading((old) => ({ ...old, [id]: false })));
    return () => {
      current = false;
      on.close(id);
      setStates((old) => ({ ...old, [id]: undefined }));
    };
  }, []);

  useEffect(
    () =>
      open('current', currentPane.current, film, () => {
        stage.current?.restore(marks);
        stage.current?.restore(otherMarks, OTHER_DOCTOR);
      }),
    [film.imageId, attempt, staged, open],
  );
  useEffect(() => {
    if (!compare || !prior) return undefined;
    return open('prior', priorPane.current, prior);
  }, [compare, prior?.imageId, attempt, staged, open]);
  useEffect(() => stage.current?.setSynchronised(synchronised), [synchronised, staged]);

  const retry = () => {
    setErrors({});
    setLoading((old) => ({ ...old, current: true }));
    // Where the engine's program did not come, it is asked for anew.
    if (stage.current) setAttempt((old) => old + 1);
    else setEngineAttempt((old) => old + 1);
  };
  const run = (command: ViewerCommand) => {
    const on = stage.current;
    if (!on) return;
    switch (command) {
      case 'window':
      case 'pan':
      case 'zoom':
      case 'length':
      case 'angle':
      case 'ellipse':
      case 'rectangle':
      case 'magnify':
        setTool(command);
        on.setTool(command);
        break;
      case 'lung':
      case 'bone':
      case 'soft':
      case 'default':
        on.preset(command);
        break;
      case 'invert':
        on.invert();
        break;
      case 'rotate':
        on.rotate(90);
        break;
      case 'flip':
        on.flip();
        break;
      case 'zoomIn':
        on.zoom(1.25);
        break;
      case 'zoomOut':
        on.zoom(0.8);
        break;
      case 'reset':
        on.reset();
        break;
      case 'undoMark':
        on.removeMarks(false);
        break;
      case 'heatmap':
        if (props.heatmapUrl) props.onHeatmap(!props.heatmap);
        break;
      case 'compare':
        if (props.canCompare) props.onCompare(!compare);
        break;
    }
  };
  useImperativeHandle(props.ref, () => ({ run }));

  // Moving by key, for those who cannot drag.
  const move = (event: KeyboardEvent) => {
    const steps: Partial<Record<string, [number, number]>> = {
      ArrowLeft: [-0.08, 0],
      ArrowRight: [0.08, 0],
      ArrowUp: [0, -0.08],
      ArrowDown: [0, 0.08],
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    stage.current?.pan(...step);
  };

  const state = states.current;
  const range = stage.current?.range();
  return (
    <section className={classes.viewer} aria-label={t('viewer.label')}>
      <Toolbar
        tool={tool}
        run={run}
        keys={props.keys}
        inverted={state?.inverted ?? false}
        heatmap={props.heatmapUrl ? props.heatmap : null}
        compare={props.canCompare ? compare : null}
        window={state?.window}
        range={range}
        onWindow={(window: Window) => stage.current?.setWindow(window)}
        onRemoveAll={() => stage.current?.removeMarks(true)}
      />
      <div className={classes.panes}>
        <Pane
          id="current"
          caption={props.caption}
          film={film}
          state={state}
          loading={loading.current}
          error={errors.current}
          onRetry={retry}
          onKeyDown={move}
          element={currentPane}
        >
          {props.heatmap && props.heatmapUrl && state && (
            <Heatmap url={props.heatmapUrl} place={state.place} opacity={props.heatmapOpacity} />
          )}
        </Pane>
        {compare && prior && (
          <Pane
            id="prior"
            caption={props.priorCaption}
            film={prior}
            state={states.prior}
            loading={loading.prior}
            error={errors.prior}
            onRetry={retry}
            onKeyDown={move}
            element={priorPane}
          />
        )}
      </div>
    </section>
  );
}

interface PaneProps {
  id: PaneId;
  caption: string;
  film: Film;
  state: PaneState | undefined;
  loading: boolean;
  error: unknown;
  onRetry: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  element: Ref<HTMLDivElement>;
  children?: React.ReactNode;
}

function Pane({ id, caption, film, state, loading, error, onRetry, onKeyDown, element, children }: PaneProps) {
  const t = useT();
  const calibration =
    film.spacing === null
      ? t('viewer.uncalibrated')
      : film.spacing.at === 'detector'
        ? t('viewer.atDetector')
        : t('viewer.calibrated');
  const drawn = state !== undefined && !loading;
  const [previewed, setPreviewed] = useState<string | null>(null);
  const onPreview = useCallback(() => setPreviewed(film.imageId), [film.imageId]);
  return (
    <div className={classes.pane} data-pane={id} data-drawn={drawn || undefined}>
      <div
        ref={element}
        className={classes.canvas}
        tabIndex={0}
        role="application"
        aria-label={`${caption}. ${t('viewer.keys')}`}
        onKeyDown={onKeyDown}
        onContextMenu={(event) => event.preventDefault()}
      />
      {!drawn && !error && <FilmPreview key={film.imageId} film={film} onShown={onPreview} />}
      {children}
      <div className={classes.caption}>{caption}</div>
      {state && (
        <div className={`${classes.readout} mono`}>
          WL {Math.round(state.window.center)} WW {Math.round(state.window.width)} · {Math.round(state.zoom * 100)} %
          <br />
          {calibration}
        </div>
      )}
      {loading && previewed !== film.imageId && (
        <div className={classes.over} role="status" aria-label={t('viewer.loading')}>
          <Loader color="cyan.4" />
        </div>
      )}
      {error ? (
        <div className={classes.over}>
          <ErrorNote error={error} onRetry={onRetry} />
        </div>
      ) : null}
    </div>
  );
}
