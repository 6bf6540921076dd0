import { flag, optional, record, text } from './fields.ts';
import { Type } from 'typebox';

const configMapKeySchema = Type.Object(
  {
    name: optional(Type.String({ description: 'Name of the ConfigMap.', default: '' })),
    key: text('The key whose value is the certificate.'),
    optional: optional(flag('Whether ConfigMap or key may be missing.')),
  },
  { description: 'A key of a ConfigMap.', 'x-kubernetes-map-type': 'atomic' },
);

/** The certificate authority of a GitHub Enterprise Server. */
export const serverTlsSchema = record('How the certificate of a GitHub Enterprise Server is trusted.', {
  certificateFrom: optional(
    record('Where the certificate authority, PEM encoded, is found.', {
      configMapKeyRef: optional(configMapKeySchema),
    }),
  ),
});
