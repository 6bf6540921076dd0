/** The building blocks of the schemas: TypeBox types that are also structural schemas of a CRD. */
import { Type } from 'typebox';
import type { Static, TOptional, TProperties, TSchema, TUnsafe } from 'typebox';

/** A member that may be absent; when building one in TypeScript it may be undefined too. */
export const optional = <T extends TSchema>(schema: T): TOptional<TUnsafe<Static<T> | undefined>> =>
  Type.Optional(Type.Unsafe<Static<T> | undefined>(schema));

/** An object whose members may all be absent. */
export const record = <P extends TProperties>(description: string, properties: P) =>
  Type.Object(properties, { description });

/** Any text, the empty one included. */
export const text = (description: string) => Type.String({ description });
/** A whole number that JavaScript holds exactly. */
export const integer = (description: string) => Type.Integer({ description });
/** A number of runners: never negative. */
export const count = (description: string) => Type.Integer({ description, minimum: 0 });
/** A 64-bit id of GitHub's. */
export const bigInteger = (description: string) => Type.Integer({ description, format: 'int64' });
/** Yes or no. */
export const flag = (description: string) => Type.Boolean({ description });
/** A list of texts. */
export const texts = (description: string) => Type.Array(Type.String(), { description });
/** RFC 3339. */
export const time = (description?: string) =>
  Type.String({ format: 'date-time', ...(description === undefined ? {} : { description }) });

/** A free map from names to values of one shape. */
export const mapOf = <T extends TSchema>(schema: T, description: string) =>
  Type.Unsafe<Record<string, Static<T>>>({ type: 'object', description, additionalProperties: schema });

/** A text that says one of few words. */
export const oneOf = <const Words extends readonly string[]>(words: Words, description: string) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], description });

/** A text in which we write only these words, but accept any when reading. */
export const word = <Words extends string>(description: string) =>
  Type.Unsafe<Words | ''>({ type: 'string', description });
