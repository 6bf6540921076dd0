import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { History } from '@temporalio/common/lib/proto-utils.js';

/** A history as Temporal's own tools write it (`temporal workflow show --output json`). */
export interface HistoryJson {
  events: Record<string, unknown>[];
}

interface ProtoJson {
  fromJson: (type: unknown, json: unknown, options: { ignoreUnknownFields: boolean }) => History;
  toJson: (type: unknown, message: unknown) => HistoryJson;
}

/**
 * The conversions of `@temporalio/common` demand that npm installed one copy of protobufjs for it and for
 * `@temporalio/proto`. Those of the copy that made the types work however npm laid them out.
 */
const requireBesideCommon = createRequire(createRequire(import.meta.url).resolve('@temporalio/common'));
const requireBesideProto = createRequire(requireBesideCommon.resolve('@temporalio/proto'));
const { fromJson, toJson } = requireBesideProto('protobufjs/ext/protojson') as ProtoJson;
const proto = requireBesideCommon('@temporalio/proto') as object;
const { patchProtobufRoot } = requireBesideCommon('@temporalio/proto/lib/patch-protobuf-root') as {
  patchProtobufRoot: (root: object) => { lookupType(name: string): { fromObject(object: unknown): unknown } };
};
const type = patchProtobufRoot(proto).lookupType('temporal.api.history.v1.History');

/** A history that was fetched, as JSON. */
export const toHistoryJson = (history: History): HistoryJson => toJson(type, type.fromObject(history));

/** A history as a worker replays it. */
export const fromHistoryJson = (json: HistoryJson): History =>
  fromJson(type, json, { ignoreUnknownFields: true });

export const readHistory = (file: URL): HistoryJson => JSON.parse(readFileSync(file, 'utf8')) as HistoryJson;
