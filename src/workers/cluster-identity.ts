import { createHash } from 'node:crypto';
import type { KubernetesClient } from '../kubernetes/client/client.ts';
import { isForbidden } from '../kubernetes/client/errors.ts';
import { namespaces } from '../kubernetes/client/resources.ts';

/** By what a Kubernetes cluster is told from others. */
export interface ClusterIdentity {
  /** Of its namespace kube-system, as long as it lives. Absent: it may not be seen. */
  uid?: string | undefined;
  /** Fingerprints of the certificates by which its API server is known. Empty: those of everybody. */
  authorities: readonly string[];
}

/**
 * Who has rights in single namespaces only may not see kube-system: then the certificates say which cluster it is. They
 * need no request, and are another cluster's only where someone has made it so.
 */
export async function identityOf(
  kubernetes: Pick<KubernetesClient, 'get' | 'authorities'>,
): Promise<ClusterIdentity> {
  const [uid, authorities] = await Promise.all([uidOf(kubernetes), kubernetes.authorities()]);
  return { uid, authorities: fingerprints(authorities) };
}

async function uidOf(kubernetes: Pick<KubernetesClient, 'get'>): Promise<string | undefined> {
  try {
    const { metadata } = await kubernetes.get(namespaces, { name: 'kube-system' });
    return metadata?.uid ?? '';
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return undefined;
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

const fingerprints = (pem: string): string[] =>
  [...pem.matchAll(CERTIFICATE)].map(([, base64 = '']) =>
    createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex').slice(0, 16),
  );

/** While certificates are replaced, old and new ones are given together. What tells nothing is no contradiction. */
export function isSameCluster(ours: ClusterIdentity, theirs: ClusterIdentity): boolean {
  if (ours.uid !== undefined && theirs.uid !== undefined) return ours.uid === theirs.uid;
  if (ours.authorities.length === 0 || theirs.authorities.length === 0) return true;
  return ours.authorities.some((each) => theirs.authorities.includes(each));
}
