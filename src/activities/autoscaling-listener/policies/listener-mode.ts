import { LISTENER_MODE_ANNOTATION } from '../../../api/annotations.ts';
import type { AutoscalingListener } from '../../../api/v1alpha1/autoscaling-listener.ts';
import type { ScaleSetOptions } from '../../../messages/settings.ts';

type Options = Pick<ScaleSetOptions, 'listenerMode' | 'listenerImage'>;

/**
 * Where a listener runs: in a pod of its own if its template describes one or its annotation asks for it, otherwise where
 * the worker's configuration says. Where no image is known there is no pod: what matters is that it listens.
 */
export function listenerModeOf(
  listener: AutoscalingListener,
  options: Options,
): ScaleSetOptions['listenerMode'] {
  return isToHavePod(listener, options) && imageOf(listener, options) ? 'pod' : 'worker';
}

const isToHavePod = ({ metadata, spec }: AutoscalingListener, { listenerMode }: Options): boolean => {
  const mode = metadata.annotations?.[LISTENER_MODE_ANNOTATION] ?? listenerMode;
  return spec.template !== undefined || mode === 'pod';
};

const imageOf = ({ spec }: AutoscalingListener, { listenerImage }: Options): string | undefined =>
  spec.image || listenerImage;
