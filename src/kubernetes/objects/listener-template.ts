import type { Pod, PodTemplate } from '../client/resources.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Container = PodSpec['containers'][number];

/** The container that listens, by name. */
export const LISTENER_CONTAINER = 'listener';

/**
 * A listener's pod with the user's template in it. Metadata only fills what is missing. Of the container `listener`,
 * image and command stay ours, because no other program listens; lists are added to, everything else that the template
 * gives takes the place of ours; further containers stand beside it. Of the pod, volumes are added, the service account stays ours, and everything else
 * that the template gives takes the place of ours.
 */
export function mergeListenerTemplate(pod: Pod & { spec: PodSpec }, { metadata, spec }: PodTemplate): Pod {
  const merged: Pod = {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...metadata?.labels, ...pod.metadata?.labels },
      annotations: { ...metadata?.annotations, ...pod.metadata?.annotations },
    },
  };
  if (!spec) return merged;
  const { containers, volumes = [], serviceAccountName: _name, serviceAccount: _account, ...rest } = spec;
  return {
    ...merged,
    spec: {
      ...pod.spec,
      ...given(rest),
      volumes: [...(pod.spec.volumes ?? []), ...volumes],
      containers: mergeContainers(pod.spec.containers, containers),
    },
  };
}

function mergeContainers(ours: Container[], theirs: Container[]): Container[] {
  const merged = ours.map((container) => {
    const override = theirs.find(({ name }) => name === container.name);
    return override ? mergeContainer(container, override) : container;
  });
  return [...merged, ...theirs.filter(({ name }) => name !== LISTENER_CONTAINER)];
}

/** Lists of a container to which the template adds. */
const ADDED = ['env', 'args', 'ports', 'envFrom', 'volumeMounts', 'volumeDevices'] as const;

function mergeContainer(ours: Container, theirs: Container): Container {
  const lists = ADDED.flatMap((field) => {
    const both = [...(ours[field] ?? []), ...(theirs[field] ?? [])];
    return both.length > 0 ? [[field, both] as const] : [];
  });
  const { image: _image, command: _command, ...rest } = theirs;
  return { ...ours, ...given(rest), ...(Object.fromEntries(lists) as Partial<Container>) };
}

/** Without members that say nothing. An empty map is something: it clears ours. */
const given = <T extends object>(part: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(part).filter(([, value]) => value !== undefined && value !== null),
  ) as Partial<T>;
