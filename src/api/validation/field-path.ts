const PLAIN_NAME = /^[A-Za-z_][\w-]*$/;
const INDEX = /^\d+$/;

/**
 * The field that a JSON pointer (RFC 6901) leads to, as a person writes it:
 * `/spec/containers/0/resources/limits/nvidia.com~1gpu` is `spec.containers[0].resources.limits["nvidia.com/gpu"]`.
 */
export const fieldPathOf = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(memberPath, '');

/** The path of a member of the field at `parent`. */
export const memberPath = (parent: string, step: string): string => {
  if (INDEX.test(step)) return `${parent}[${step}]`;
  if (!PLAIN_NAME.test(step)) return `${parent}[${JSON.stringify(step)}]`;
  return parent === '' ? step : `${parent}.${step}`;
};
