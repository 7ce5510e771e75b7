import {
  Enums as CoreEnums,
  cache,
  imageLoader,
  init as initCore,
  metaData,
  type Types,
  utilities,
} from '@cornerstonejs/core';
import * as tools from '@cornerstonejs/tools';
import { type Frame, releaseFrames, requestFrame } from './frames';
import type { Spacing } from './spacing';
import { rangeOf, valueRange } from './window';

/** Images of the portal are named `portal:` and the address of their frame. */
export const SCHEME = 'portal';

/** What the viewer knows of an image beside its pixels. */
interface Known {
  frame: Frame;
  spacing: Spacing | null;
}

const known = new Map<string, Known>();
const spacings = new Map<string, Spacing | null>();

/** The frame behind an image that has been loaded. */
export function knownFrame(imageId: string): Frame | undefined {
  return known.get(imageId)?.frame;
}

/** Names an image and notes its spacing before it is loaded. */
export function imageName(address: string, spacing: Spacing | null): string {
  const imageId = `${SCHEME}:${address}`;
  spacings.set(imageId, spacing);
  return imageId;
}

function toImage(imageId: string, { frame, spacing }: Known): Types.IImage {
  const { description, values } = frame;
  const { width, height, channels } = description;
  const range = channels === 1 ? valueRange(description) : { lowest: 0, highest: 255 };
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    width,
    height,
    numberOfComponents: channels,
    scalarData: values,
  });
  return {
    imageId,
    minPixelValue: range.lowest,
    maxPixelValue: range.highest,
    // Slope and intercept are in the values already.
    slope: 1,
    intercept: 0,
    isPreScaled: true,
    preScale: { enabled: true, scaled: true },
    windowCenter: description.window.center,
    windowWidth: description.window.width,
    voiLUTFunction: CoreEnums.VOILUTFunctionType.LINEAR,
    getPixelData: () => values,
    getCanvas: () => {
      throw new Error('films are drawn from their samples');
    },
    rows: height,
    columns: width,
    height,
    width,
    color: channels === 3,
    rgba: false,
    numberOfComponents: channels,
    columnPixelSpacing: spacing?.column ?? 1,
    rowPixelSpacing: spacing?.row ?? 1,
    invert: false,
    photometricInterpretation: channels === 3 ? 'RGB' : 'MONOCHROME2',
    sizeInBytes: values.byteLength,
    dataType: values.constructor.name as Types.PixelDataTypedArrayString,
    voxelManager: voxelManager as Types.IImage['voxelManager'],
  };
}

/** A small picture of no film, to try the viewer with. */
export const TRIAL = `${SCHEME}:trial`;

function trial(): Frame {
  const edge = 64;
  const values = Uint16Array.from({ length: edge * edge }, (_, at) => (at * 7) % 4096);
  return {
    values,
    description: {
      width: edge,
      height: edge,
      channels: 1,
      bits_allocated: 16,
      bits_stored: 12,
      signed: false,
      slope: 1,
      intercept: 0,
      inverted: false,
      lowest: 0,
      highest: 4095,
      window: { center: 2048, width: 4096 },
      windows: [],
    },
  };
}

function load(imageId: string): Types.IImageLoadObject {
  const frames = imageId === TRIAL ? Promise.resolve(trial()) : requestFrame(imageId.slice(SCHEME.length + 1));
  const promise = frames.then((frame) => {
    const image: Known = { frame, spacing: spacings.get(imageId) ?? null };
    known.set(imageId, image);
    return toImage(imageId, image);
  });
  return { promise, decache: () => known.delete(imageId) };
}

/** What Cornerstone asks about an image. Every film lies in a plane of its own, so marks stay with their film. */
function describe(kind: string, imageId: string): unknown {
  if (typeof imageId !== 'string' || !imageId.startsWith(`${SCHEME}:`)) return undefined;
  const image = known.get(imageId);
  const description = image?.frame.description;
  switch (kind) {
    case 'imagePlaneModule': {
      const spacing = spacings.get(imageId) ?? null;
      const row = spacing?.row ?? 1;
      const column = spacing?.column ?? 1;
      return {
        frameOfReferenceUID: imageId,
        rows: description?.height,
        columns: description?.width,
        rowCosines: [1, 0, 0],
        columnCosines: [0, 1, 0],
        imageOrientationPatient: [1, 0, 0, 0, 1, 0],
        imagePositionPatient: [0, 0, 0],
        rowPixelSpacing: row,
        columnPixelSpacing: column,
        pixelSpacing: [row, column],
        // Without a spacing lengths are in pixels, never in millimetres.
        usingDefaultValues: spacing === null,
      };
    }
    case 'imagePixelModule':
      return (
        description && {
          bitsAllocated: image.frame.values.BYTES_PER_ELEMENT * 8,
          bitsStored: description.bits_stored,
          highBit: description.bits_stored - 1,
          samplesPerPixel: description.channels,
          photometricInterpretation: description.channels === 3 ? 'RGB' : 'MONOCHROME2',
          pixelRepresentation: description.signed ? 1 : 0,
        }
      );
    case 'generalSeriesModule':
      return { modality: 'DX', seriesInstanceUID: imageId };
    case 'voiLutModule':
      return description && { windowCenter: [description.window.center], windowWidth: [description.window.width] };
    case 'modalityLutModule':
      return { rescaleSlope: 1, rescaleIntercept: 0 };
    default:
      return undefined;
  }
}

/**
 * The drawing of labels writes `style` attributes into SVG elements, which the Content Security Policy refuses.
 * Through the CSS object model the same style is allowed.
 */
function allowSvgStyles(): void {
  const original = SVGElement.prototype.setAttribute;
  SVGElement.prototype.setAttribute = function setAttribute(name: string, value: string) {
    if (name === 'style') this.style.cssText = value;
    else original.call(this, name, value);
  };
}

export const toolNames = {
  window: tools.WindowLevelTool.toolName,
  pan: tools.PanTool.toolName,
  zoom: tools.ZoomTool.toolName,
  length: tools.LengthTool.toolName,
  angle: tools.AngleTool.toolName,
  ellipse: tools.EllipticalROITool.toolName,
  rectangle: tools.RectangleROITool.toolName,
  magnify: tools.MagnifyTool.toolName,
} as const;

export type ToolId = keyof typeof toolNames;

/** The tools that leave marks. */
export const markTools: ToolId[] = ['length', 'angle', 'ellipse', 'rectangle'];

let ready = false;

/** Prepares Cornerstone once. */
export function prepare(): void {
  if (ready) return;
  ready = true;
  allowSvgStyles();
  initCore({ rendering: { webGlContextCount: 2 } } as Types.Cornerstone3DConfig);
  tools.init();
  imageLoader.registerImageLoader(SCHEME, load as Types.ImageLoaderFn);
  metaData.addProvider(describe as (type: string, ...query: unknown[]) => unknown, 1000);
  for (const tool of [
    tools.WindowLevelTool,
    tools.PanTool,
    tools.ZoomTool,
    tools.LengthTool,
    tools.AngleTool,
    tools.EllipticalROITool,
    tools.RectangleROITool,
    tools.MagnifyTool,
  ]) {
    tools.addTool(tool);
  }
  const { style } = tools.annotation.config;
  const usual = style.getDefaultToolStyles();
  style.setDefaultToolStyles({
    ...usual,
    global: {
      ...usual.global,
      color: 'rgb(240, 228, 66)',
      colorHighlighted: 'rgb(102, 217, 232)',
      colorSelected: 'rgb(102, 217, 232)',
      lineWidth: '2',
      textBoxFontSize: '14px',
      textBoxColor: 'rgb(240, 228, 66)',
      textBoxColorHighlighted: 'rgb(102, 217, 232)',
      textBoxColorSelected: 'rgb(102, 217, 232)',
      textBoxFontFamily: 'Inter Variable, sans-serif',
    },
  });
}

/** Gives the memory of all films back. */
export function releasePixels(): void {
  cache.purgeCache();
  known.clear();
  releaseFrames();
}

export { rangeOf };
