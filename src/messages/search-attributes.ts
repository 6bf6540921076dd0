import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** By these a list of workflows can be filtered like the cluster. */
export const clusterKey = defineSearchAttributeKey('ArcCluster', SearchAttributeType.KEYWORD);
export const namespaceKey = defineSearchAttributeKey('ArcNamespace', SearchAttributeType.KEYWORD);
export const scaleSetKey = defineSearchAttributeKey('ArcScaleSet', SearchAttributeType.KEYWORD);
export const repositoryUrlKey = defineSearchAttributeKey('ArcRepositoryUrl', SearchAttributeType.KEYWORD);
export const phaseKey = defineSearchAttributeKey('ArcPhase', SearchAttributeType.KEYWORD);
