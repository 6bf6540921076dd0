import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serverCertificate, serverKey, testCa } from '../../github/tls-files.ts';
import type { Scene } from './scene.ts';

/** What an admission webhook says of an object: yes, no with this status, nothing in time, or no answer that it could be. */
export type Answer = 'yes' | { code: number; reason?: string } | 'silence' | 'nonsense';

/** The object that is asked about. */
export interface Asked {
  resource: string;
  name: string;
}

interface AdmissionReview {
  request: {
    uid: string;
    name?: string;
    resource: { resource: string };
    object: { metadata: { name?: string } };
  };
}

/** A webhook of the cluster that is asked about all that is created of some kinds in a scene's namespace. */
export async function startAdmissionWebhook(
  scene: Scene,
  rules: { apiGroups: string[]; resources: string[] }[],
  answerTo: (asked: Asked) => Answer,
): Promise<{ name: string; asked: Asked[]; stop: () => Promise<void> }> {
  const name = `webhook.${scene.namespace}.test`;
  const asked: Asked[] = [];
  const server = createServer({ cert: serverCertificate, key: serverKey }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as AdmissionReview;
      const { uid, resource, object } = review.request;
      const about = { resource: resource.resource, name: object.metadata.name ?? '' };
      asked.push(about);
      const answer = answerTo(about);
      if (answer === 'silence') return;
      if (answer === 'nonsense') {
        response.writeHead(500).end('<html>');
        return;
      }
      const status = answer === 'yes' ? {} : { status: { ...answer, message: 'not today' } };
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          ...{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
          response: { uid, allowed: answer === 'yes', ...status },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await scene.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name,
        ...{ admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', timeoutSeconds: 1 },
        clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(testCa).toString('base64') },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': scene.namespace } },
        rules: rules.map((rule) => ({ ...rule, apiVersions: ['*'], operations: ['CREATE'] })),
      },
    ],
  });
  return {
    name,
    asked,
    stop: async () => {
      await scene.kubectl('delete', 'validatingwebhookconfiguration', name);
      server.closeAllConnections();
      await new Promise<unknown>((resolve) => server.close(resolve));
    },
  };
}
