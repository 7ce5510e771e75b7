import { ActionIcon, Tooltip } from '@mantine/core';
import {
  IconAngle,
  IconArrowBackUp,
  IconArrowsMove,
  IconBone,
  IconBrightnessUp,
  IconCircle,
  IconColumns2,
  IconContrast2,
  IconFlame,
  IconFlipVertical,
  IconLungs,
  IconMaximize,
  IconRestore,
  IconRotateClockwise,
  IconRulerMeasure,
  IconSquare,
  IconStretching2,
  IconTrash,
  IconZoomIn,
  IconZoomInArea,
  IconZoomOut,
  IconZoomPan,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { type TextKey, useT } from '@/i18n';
import { keyLabel } from '@/shared/hotkeys';
import type { ViewerCommand } from './commands';
import type { ToolId } from './cornerstone';
import classes from './Toolbar.module.css';
import type { Window } from './window';

export type ActiveTool = ToolId;

type Icon = ComponentType<{ size?: number; stroke?: number; 'aria-hidden'?: boolean }>;

const toolButtons: [ToolId, Icon][] = [
  ['window', IconBrightnessUp],
  ['pan', IconArrowsMove],
  ['zoom', IconZoomPan],
  ['length', IconRulerMeasure],
  ['angle', IconAngle],
  ['ellipse', IconCircle],
  ['rectangle', IconSquare],
  ['magnify', IconZoomInArea],
];

const presetButtons: [ViewerCommand, Icon][] = [
  ['lung', IconLungs],
  ['bone', IconBone],
  ['soft', IconStretching2],
  ['default', IconMaximize],
];

interface ToolbarProps {
  tool: ActiveTool;
  run: (command: ViewerCommand) => void;
  keys: Partial<Record<string, string>>;
  inverted: boolean;
  /** Null: there is none to be shown. */
  heatmap: boolean | null;
  compare: boolean | null;
  window: Window | undefined;
  range: { lowest: number; highest: number } | undefined;
  onWindow: (window: Window) => void;
  onRemoveAll: () => void;
}

export function Toolbar(props: ToolbarProps) {
  const { tool, run, keys, inverted, heatmap, compare } = props;
  const t = useT();
  const button = (command: ViewerCommand, Icon: Icon, pressed?: boolean, disabled = false) => {
    const label = t(`viewer.${command}` as TextKey);
    const key = keys[command];
    return (
      <Tooltip key={command} label={key ? `${label} (${keyLabel(key)})` : label} withinPortal>
        <ActionIcon
          size={34}
          variant={pressed ? 'filled' : 'subtle'}
          color={pressed ? 'cyan' : 'gray'}
          className={pressed ? undefined : classes.idle}
          aria-label={label}
          aria-pressed={pressed}
          aria-keyshortcuts={key}
          disabled={disabled}
          onClick={() => run(command)}
        >
          <Icon size={20} stroke={1.7} aria-hidden />
        </ActionIcon>
      </Tooltip>
    );
  };
  return (
    <div className={classes.toolbar} role="toolbar" aria-label={t('viewer.tools')}>
      <div className={classes.group}>{toolButtons.map(([id, Icon]) => button(id, Icon, tool === id))}</div>
      <div className={classes.group}>
        {button('invert', IconContrast2, inverted)}
        {button('rotate', IconRotateClockwise)}
        {button('flip', IconFlipVertical)}
        {button('zoomIn', IconZoomIn)}
        {button('zoomOut', IconZoomOut)}
        {button('reset', IconRestore)}
      </div>
      <div className={classes.group}>{presetButtons.map(([id, Icon]) => button(id, Icon))}</div>
      <div className={classes.group}>
        {button('heatmap', IconFlame, heatmap ?? false, heatmap === null)}
        {button('compare', IconColumns2, compare ?? false, compare === null)}
      </div>
      <div className={classes.group}>
        {button('undoMark', IconArrowBackUp)}
        <Tooltip label={t('viewer.removeMarks')} withinPortal>
          <ActionIcon
            size={34}
            variant="subtle"
            color="gray"
            className={classes.idle}
            aria-label={t('viewer.removeMarks')}
            onClick={props.onRemoveAll}
          >
            <IconTrash size={20} stroke={1.7} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
      <WindowSliders {...props} />
    </div>
  );
}

/** Brightness and contrast without dragging over the film: by slider, arrow keys or number. */
function WindowSliders({ window, range, onWindow }: Pick<ToolbarProps, 'window' | 'range' | 'onWindow'>) {
  const t = useT();
  // They are there before the film is, so that its place does not change.
  const { lowest, highest } = range ?? { lowest: 0, highest: 1 };
  const { center, width } = window ?? { center: 0.5, width: 1 };
  const disabled = !window || !range;
  const span = Math.max(highest - lowest, 1);
  const step = Math.max(span / 200, 0.01);
  return (
    <div className={classes.sliders}>
      <label>
        {t('viewer.level')}
        <input
          type="range"
          disabled={disabled}
          min={lowest - span / 4}
          max={highest + span / 4}
          step={step}
          value={center}
          onChange={(event) => onWindow({ width, center: Number(event.currentTarget.value) })}
        />
      </label>
      <label>
        {t('viewer.width')}
        <input
          type="range"
          disabled={disabled}
          min={span / 100}
          max={span * 2}
          step={step}
          value={width}
          onChange={(event) => onWindow({ center, width: Number(event.currentTarget.value) })}
        />
      </label>
    </div>
  );
}
