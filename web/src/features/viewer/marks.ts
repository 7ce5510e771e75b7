import * as tools from '@cornerstonejs/tools';
import type { Mark } from './documents';

type Annotation = tools.Types.Annotation;

/** The marks among the viewer's annotations that lie on one image, without those shown for reading only. */
export function marksOf(annotations: readonly Annotation[], imageId: string): Mark[] {
  return annotations
    .filter((each) => each.metadata?.referencedImageId === imageId && !each.isLocked && each.annotationUID)
    .map((each) => ({
      id: each.annotationUID as string,
      tool: each.metadata?.toolName ?? '',
      image: imageId,
      points: (each.data.handles?.points ?? []).map((point) => [point[0], point[1], point[2]]),
      ...(each.data.label ? { label: String(each.data.label) } : {}),
    }));
}

/** Puts marks on a film; with a colour they are another doctor's and cannot be moved. */
export function putMarks(marks: readonly Mark[], imageId: string, element: HTMLDivElement, color?: string): void {
  for (const mark of marks) {
    if (mark.image !== imageId || tools.annotation.state.getAnnotation(mark.id)) continue;
    const annotation = {
      annotationUID: mark.id,
      highlighted: false,
      invalidated: true,
      isLocked: color !== undefined,
      isVisible: true,
      metadata: {
        toolName: mark.tool,
        FrameOfReferenceUID: imageId,
        referencedImageId: imageId,
        viewPlaneNormal: [0, 0, -1],
        viewUp: [0, -1, 0],
      },
      data: {
        label: mark.label ?? '',
        cachedStats: {},
        handles: {
          points: mark.points.map((point) => [...point]),
          activeHandleIndex: null,
          textBox: {
            hasMoved: false,
            worldPosition: [0, 0, 0],
            worldBoundingBox: {
              topLeft: [0, 0, 0],
              topRight: [0, 0, 0],
              bottomLeft: [0, 0, 0],
              bottomRight: [0, 0, 0],
            },
          },
        },
      },
    };
    tools.annotation.state.addAnnotation(annotation as unknown as Annotation, element as never);
    if (color) {
      tools.annotation.config.style.setAnnotationStyles(mark.id, { color, textBoxColor: color } as never);
    }
  }
}
