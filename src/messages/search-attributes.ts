import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** By these a list of workflows can be filtered like the cluster. */
export const clusterKey = defineSearchAttributeKey('ArcCluster', SearchAttributeType.KEYWORD);
/** The namespace of the resource. */
export const namespaceKey = defineSearchAttributeKey('ArcNamespace', SearchAttributeType.KEYWORD);
/** Name of the scale set, as its resources are labelled with it. */
export const scaleSetKey = defineSearchAttributeKey('ArcScaleSet', SearchAttributeType.KEYWORD);
/** The config URL: of a repository, an organization or an enterprise. */
export const repositoryUrlKey = defineSearchAttributeKey('ArcRepositoryUrl', SearchAttributeType.KEYWORD);
/** What the workflow is in, in one word. */
export const phaseKey = defineSearchAttributeKey('ArcPhase', SearchAttributeType.KEYWORD);
