import { LISTENER_MODE_ANNOTATION } from '../../../api/annotations.ts';
import type { AutoscalingListener } from '../../../api/v1alpha1/autoscaling-listener.ts';
import type { ScaleSetOptions } from '../../../messages/settings.ts';

/**
 * Where a listener runs: in a pod of its own if its template describes one or its annotation asks for it, otherwise where
 * the worker's configuration says.
 */
export function listenerModeOf(
  { metadata, spec }: AutoscalingListener,
  { listenerMode }: Pick<ScaleSetOptions, 'listenerMode'>,
): ScaleSetOptions['listenerMode'] {
  const mode = metadata.annotations?.[LISTENER_MODE_ANNOTATION] ?? listenerMode;
  return spec.template || mode === 'pod' ? 'pod' : 'worker';
}
