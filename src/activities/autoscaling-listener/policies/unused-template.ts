import type { AutoscalingListener } from '../../../api/v1alpha1/autoscaling-listener.ts';
import { LISTENER_CONTAINER } from '../../../kubernetes/objects/listener-template.ts';
import type { ObservedListener } from '../../../messages/observations.ts';
import type { ScaleSetOptions } from '../../../messages/settings.ts';
import { listenerModeOf } from './listener-mode.ts';

/** What of a listener's template is not used, and why; `undefined` if all of it is, or there is none. */
export function unusedTemplate(
  listener: AutoscalingListener,
  options: Pick<ScaleSetOptions, 'listenerMode' | 'listenerImage'>,
): ObservedListener['unused'] {
  const { template } = listener.spec;
  if (!template) return undefined;
  if (listenerModeOf(listener, options) === 'worker') {
    const message =
      'listenerTemplate is not used: no image is known for a pod, so the listener runs in a worker. Give the worker ' +
      '--listener-image, or take the template away.';
    return { reason: 'ListenerImageMissing', message };
  }
  const own = template.spec?.containers.find(({ name }) => name === LISTENER_CONTAINER);
  const fields = (['image', 'command'] as const).filter((field) => own?.[field]?.length);
  if (fields.length === 0) return undefined;
  const named = fields.map((field) => `listenerTemplate.spec.containers[${LISTENER_CONTAINER}].${field}`);
  const message = `${named.join(' and ')} not used: another program would not listen. --listener-image sets the image.`;
  return { reason: 'ImageNotUsed', message };
}
