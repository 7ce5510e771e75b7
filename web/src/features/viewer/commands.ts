import type { Command } from '@/shared/hotkeys';

/** Everything that the viewer can be told by key or button. */
export type ViewerCommand =
  | 'window'
  | 'pan'
  | 'zoom'
  | 'length'
  | 'angle'
  | 'ellipse'
  | 'rectangle'
  | 'magnify'
  | 'invert'
  | 'rotate'
  | 'flip'
  | 'heatmap'
  | 'compare'
  | 'lung'
  | 'bone'
  | 'soft'
  | 'default'
  | 'zoomIn'
  | 'zoomOut'
  | 'reset'
  | 'undoMark';

export const viewerCommands: readonly Command<ViewerCommand>[] = [
  { id: 'window', key: 'w' },
  { id: 'pan', key: 'p' },
  { id: 'zoom', key: 'z' },
  { id: 'length', key: 'm' },
  { id: 'angle', key: 'a' },
  { id: 'ellipse', key: 'o' },
  { id: 'rectangle', key: 'b' },
  { id: 'magnify', key: 'g' },
  { id: 'invert', key: 'i' },
  { id: 'rotate', key: 'r' },
  { id: 'flip', key: 'f' },
  { id: 'heatmap', key: 'h' },
  { id: 'compare', key: 'c' },
  { id: 'lung', key: '1' },
  { id: 'bone', key: '2' },
  { id: 'soft', key: '3' },
  { id: 'default', key: '4' },
  { id: 'zoomIn', key: '+' },
  { id: 'zoomOut', key: '-' },
  { id: 'reset', key: '0' },
  { id: 'undoMark', key: 'Backspace' },
];
