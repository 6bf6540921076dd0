import { usageError } from './failure.ts';

/** An EphemeralRunnerSet, or another object of a namespace. */
export interface SetKey {
  namespace: string;
  name: string;
}

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * Reads `NAME` or `NAMESPACE/NAME`; `fallback` is asked for the namespace when neither names one.
 *
 * @throws CliError (usage) for a malformed name, or two different namespaces
 */
export function readKey(text: string, given: string | undefined, fallback: () => string): SetKey {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  const own = parts.length > 1 ? parts[0] : undefined;
  const malformed = parts.length > 2 || [name, own].some((part) => part !== undefined && !NAME.test(part));
  if (malformed)
    throw usageError(`"${text}" is not a name; give NAME or NAMESPACE/NAME, as "temporal-arc get" shows.`);
  if (own !== undefined && given !== undefined && own !== given) {
    throw usageError(`"${text}" and --namespace ${given} name two namespaces; give one of them.`);
  }
  return { namespace: own ?? given ?? fallback(), name };
}

/** A key as people write it: `namespace/name`. */
export const keyText = ({ namespace, name }: SetKey): string => `${namespace}/${name}`;
