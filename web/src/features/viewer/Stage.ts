import { Enums as CoreEnums, eventTarget, getRenderingEngine, RenderingEngine, type Types } from '@cornerstonejs/core';
import * as tools from '@cornerstonejs/tools';
import { imageName, knownFrame, prepare, releasePixels, type ToolId, toolNames, TRIAL } from './cornerstone';
import type { Mark } from './documents';
import { frameAddress } from './frames';
import { marksOf, putMarks } from './marks';
import type { Spacing } from './spacing';
import {
  carryOver,
  clampWindow,
  type Preset,
  presetWindow,
  rangeOf,
  valueRange,
  type Window,
  windowOf,
} from './window';

export type PaneId = 'current' | 'prior';

/** A film to be shown. */
export interface Film {
  reportId: string;
  imageId: string;
  spacing: Spacing | null;
}

/** What is to be read off a pane. */
export interface PaneState {
  window: Window;
  zoom: number;
  inverted: boolean;
  /** Places the corners of the film on the pane: `matrix(a, b, c, d, e, f)` over a unit square. */
  place: [number, number, number, number, number, number];
}

interface Pane {
  element: HTMLDivElement;
  imageId: string;
  base: Window;
  /** Whether the film's own nature asks for inversion (MONOCHROME1). */
  negative: boolean;
  range: { lowest: number; highest: number };
  unhook: () => void;
}

const ENGINE = 'reading-room';
const GROUP = 'reading-room';
const { Events, ViewportType } = CoreEnums;
const { MouseBindings } = tools.Enums;

/**
 * The one engine. It is kept from case to case: making one anew costs two WebGL contexts and the programs in them, about
 * half a second where there is no graphics card.
 */
function theEngine(): RenderingEngine {
  return (getRenderingEngine(ENGINE) as RenderingEngine | undefined) ?? new RenderingEngine(ENGINE);
}

/** Waits until the engine has drawn into an element; in a page that nobody sees it draws nothing for a while. */
function rendered(element: HTMLElement): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(late);
      element.removeEventListener(Events.IMAGE_RENDERED, done);
      resolve();
    };
    const late = setTimeout(done, 2000);
    element.addEventListener(Events.IMAGE_RENDERED, done);
  });
}

/** Draws a small picture where nobody sees it, so that the first film finds the engine warm. */
export async function warmUp(): Promise<void> {
  if (getRenderingEngine(ENGINE)) return;
  prepare();
  const engine = theEngine();
  const element = document.createElement('div');
  element.setAttribute('aria-hidden', 'true');
  Object.assign(element.style, { position: 'fixed', left: '-200px', top: '0', width: '64px', height: '64px' });
  document.body.append(element);
  try {
    engine.enableElement({ viewportId: 'trial', element, type: ViewportType.STACK });
    const viewport = engine.getViewport('trial') as Types.IStackViewport;
    await viewport.setStack([TRIAL]);
    viewport.setProperties({ voiRange: { lower: 0, upper: 4095 } });
    const drawn = rendered(element);
    viewport.render();
    await drawn;
  } finally {
    if (engine.getViewport('trial')) engine.disableElement('trial');
    element.remove();
  }
}

/** The viewer's panes on one engine: shows films, moves them together, keeps their marks. */
export class Stage {
  private readonly engine: RenderingEngine;
  private readonly group: tools.Types.IToolGroup;
  private readonly panes = new Map<PaneId, Pane>();
  private readonly opening = new Map<PaneId, string>();
  private tool: ToolId = 'window';
  private synchronised = true;
  private following = false;
  private quiet = false;
  private readonly markEvents: string[];

  constructor(
    private readonly onPane: (pane: PaneId, state: PaneState) => void,
    private readonly onMarks: () => void,
  ) {
    prepare();
    this.engine = theEngine();
    tools.ToolGroupManager.destroyToolGroup(GROUP);
    const group = tools.ToolGroupManager.createToolGroup(GROUP);
    if (!group) throw new Error('the viewer could not make its set of tools');
    this.group = group;
    for (const name of Object.values(toolNames)) group.addTool(name);
    this.bind();
    const { ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED } = tools.Enums.Events;
    this.markEvents = [ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED];
    for (const event of this.markEvents) eventTarget.addEventListener(event, this.marksChanged);
  }

  private readonly marksChanged = () => {
    if (!this.quiet) this.onMarks();
  };

  /** Opens a film in a pane. */
  async open(id: PaneId, element: HTMLDivElement, film: Film): Promise<void> {
    this.close(id);
    this.opening.set(id, film.imageId);
    const imageId = imageName(frameAddress(film.reportId, film.imageId), film.spacing);
    this.engine.enableElement({
      viewportId: id,
      element,
      type: ViewportType.STACK,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.group.addViewport(id, ENGINE);
    const viewport = this.viewport(id);
    await viewport.setStack([imageId]);
    const frame = knownFrame(imageId);
    // The engine outlives this stage, so another film may stand in the pane by now.
    if (!frame || this.opening.get(id) !== film.imageId) throw new Error('the film was closed while it was loading');
    const { description } = frame;
    const pane: Pane = {
      element,
      imageId,
      base: { center: description.window.center, width: description.window.width },
      negative: description.inverted,
      range: valueRange(description),
      unhook: this.hook(id, element),
    };
    this.panes.set(id, pane);
    viewport.setProperties({ voiRange: rangeOf(pane.base), invert: pane.negative });
    viewport.resetCamera();
    if (id === 'prior' && this.synchronised) this.follow('current');
    const drawn = rendered(element);
    viewport.render();
    await drawn;
    this.report(id);
  }

  private hook(id: PaneId, element: HTMLDivElement): () => void {
    const moved = () => {
      this.report(id);
      this.follow(id);
    };
    const windowed = () => {
      this.report(id);
      this.followWindow(id);
    };
    element.addEventListener(Events.CAMERA_MODIFIED, moved);
    element.addEventListener(Events.VOI_MODIFIED, windowed);
    const observer = new ResizeObserver(() => {
      if (!this.panes.has(id)) return;
      this.engine.resize(true, false);
      this.report(id);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      element.removeEventListener(Events.CAMERA_MODIFIED, moved);
      element.removeEventListener(Events.VOI_MODIFIED, windowed);
    };
  }

  private viewport(id: PaneId): Types.IStackViewport {
    return this.engine.getViewport(id) as Types.IStackViewport;
  }

  private other(id: PaneId): PaneId {
    return id === 'current' ? 'prior' : 'current';
  }

  /** Moves the other pane as this one has moved. */
  private follow(id: PaneId): void {
    const other = this.other(id);
    if (!this.synchronised || this.following || !this.panes.has(other) || !this.panes.has(id)) return;
    this.following = true;
    const viewport = this.viewport(other);
    viewport.setViewPresentation(this.viewport(id).getViewPresentation());
    viewport.render();
    this.report(other);
    this.following = false;
  }

  private followWindow(id: PaneId): void {
    const other = this.panes.get(this.other(id));
    const pane = this.panes.get(id);
    if (!this.synchronised || this.following || !other || !pane) return;
    this.following = true;
    this.setRange(this.other(id), carryOver(this.windowNow(id), pane.base, other.base));
    this.following = false;
  }

  private windowNow(id: PaneId): Window {
    const range = this.viewport(id).getProperties().voiRange;
    return range ? windowOf(range) : (this.panes.get(id)?.base ?? { center: 0, width: 1 });
  }

  private setRange(id: PaneId, window: Window): void {
    const pane = this.panes.get(id);
    if (!pane) return;
    const viewport = this.viewport(id);
    viewport.setProperties({ voiRange: rangeOf(clampWindow(window, pane.range)) });
    viewport.render();
    this.report(id);
  }

  private report(id: PaneId): void {
    const pane = this.panes.get(id);
    const viewport = pane && this.viewport(id);
    const description = pane && knownFrame(pane.imageId)?.description;
    if (!pane || !viewport || !description) return;
    const image = viewport.getImageData();
    const [column, row] = image?.spacing ?? [1, 1];
    const corner = (x: number, y: number) =>
      viewport.worldToCanvas([(x - 0.5) * (column ?? 1), (y - 0.5) * (row ?? 1), 0]);
    const origin = corner(0, 0);
    const right = corner(description.width, 0);
    const below = corner(0, description.height);
    this.onPane(id, {
      window: this.windowNow(id),
      zoom: viewport.getZoom(),
      inverted: viewport.getProperties().invert === true,
      place: [
        right[0] - origin[0],
        right[1] - origin[1],
        below[0] - origin[0],
        below[1] - origin[1],
        origin[0],
        origin[1],
      ],
    });
  }

  private bind(): void {
    for (const name of Object.values(toolNames)) this.group.setToolPassive(name, { removeAllBindings: true });
    const extra: Partial<Record<ToolId, tools.Types.IToolBinding[]>> = {
      pan: [{ mouseButton: MouseBindings.Auxiliary }],
      zoom: [{ mouseButton: MouseBindings.Secondary }, { mouseButton: MouseBindings.Wheel }, { numTouchPoints: 2 }],
    };
    for (const id of Object.keys(toolNames) as ToolId[]) {
      const bindings = [...(extra[id] ?? [])];
      if (id === this.tool) bindings.push({ mouseButton: MouseBindings.Primary }, { numTouchPoints: 1 });
      if (bindings.length > 0) this.group.setToolActive(toolNames[id], { bindings });
    }
  }

  /** Which tool the main mouse button and one finger work. */
  setTool(tool: ToolId): void {
    this.tool = tool;
    this.bind();
  }

  setSynchronised(on: boolean): void {
    this.synchronised = on;
    if (on) this.follow('current');
  }

  /** The window of the current film. */
  setWindow(window: Window): void {
    this.setRange('current', window);
    this.followWindow('current');
  }

  preset(preset: Preset): void {
    const pane = this.panes.get('current');
    if (pane) this.setWindow(presetWindow(pane.base, preset, pane.negative));
  }

  /** The span of values of the current film. */
  range(): { lowest: number; highest: number } | undefined {
    return this.panes.get('current')?.range;
  }

  invert(): void {
    for (const id of this.panes.keys()) {
      const viewport = this.viewport(id);
      viewport.setProperties({ invert: !viewport.getProperties().invert });
      viewport.render();
      this.report(id);
    }
  }

  /** Turns clockwise by so many degrees. */
  rotate(degrees: number): void {
    this.present((view) => ({ rotation: ((view.rotation ?? 0) + degrees + 360) % 360 }));
  }

  flip(): void {
    this.present((view) => ({ flipHorizontal: !view.flipHorizontal }));
  }

  zoom(factor: number): void {
    this.present((view) => ({ zoom: Math.min(30, Math.max(0.1, (view.zoom ?? 1) * factor)) }));
  }

  /** Moves the film by parts of the pane's size. */
  pan(right: number, down: number): void {
    const pane = this.panes.get('current');
    if (!pane) return;
    const viewport = this.viewport('current');
    const [x, y] = viewport.getPan();
    viewport.setPan([x + right * pane.element.clientWidth, y + down * pane.element.clientHeight]);
    viewport.render();
    this.report('current');
  }

  private present(change: (view: Types.ViewPresentation) => Types.ViewPresentation): void {
    for (const id of this.synchronised ? (['current'] as PaneId[]) : [...this.panes.keys()]) {
      if (!this.panes.has(id)) continue;
      const viewport = this.viewport(id);
      viewport.setViewPresentation(change(viewport.getViewPresentation()));
      viewport.render();
      this.report(id);
      this.follow(id);
    }
  }

  /** Back to how the films were opened. Marks stay. */
  reset(): void {
    for (const [id, pane] of this.panes) {
      const viewport = this.viewport(id);
      viewport.setViewPresentation({ rotation: 0, zoom: 1, pan: [0, 0], flipHorizontal: false, flipVertical: false });
      viewport.resetCamera();
      viewport.setProperties({ voiRange: rangeOf(pane.base), invert: pane.negative });
      viewport.render();
      this.report(id);
    }
  }

  /** The marks on the current film. */
  marks(): Mark[] {
    const pane = this.panes.get('current');
    return pane ? marksOf(tools.annotation.state.getAllAnnotations(), pane.imageId) : [];
  }

  /** Puts stored marks on the current film. */
  restore(marks: readonly Mark[], color?: string): void {
    const pane = this.panes.get('current');
    if (!pane) return;
    this.quiet = true;
    putMarks(marks, pane.imageId, pane.element, color);
    this.viewport('current').render();
    // The viewer says that marks were changed when it measures them for the first time.
    setTimeout(() => {
      this.quiet = false;
    }, 400);
  }

  /** Takes the last mark away, or all of them. */
  removeMarks(all: boolean): void {
    const pane = this.panes.get('current');
    if (!pane) return;
    const own = tools.annotation.state
      .getAllAnnotations()
      .filter((mark) => mark.metadata?.referencedImageId === pane.imageId && !mark.isLocked);
    for (const mark of all ? own : own.slice(-1)) {
      if (mark.annotationUID) tools.annotation.state.removeAnnotation(mark.annotationUID);
    }
    this.viewport('current').render();
    this.onMarks();
  }

  close(id: PaneId): void {
    this.opening.delete(id);
    const pane = this.panes.get(id);
    pane?.unhook();
    this.panes.delete(id);
    if (this.engine.getViewport(id)) {
      this.group.removeViewports(ENGINE, id);
      this.engine.disableElement(id);
    }
  }

  destroy(): void {
    for (const event of this.markEvents) eventTarget.removeEventListener(event, this.marksChanged);
    for (const id of ['current', 'prior'] as const) this.close(id);
    tools.annotation.state.removeAllAnnotations();
    tools.ToolGroupManager.destroyToolGroup(GROUP);
    releasePixels();
  }
}
