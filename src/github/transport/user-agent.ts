/** Who is calling, as GitHub's support sees it. */
export interface SystemInfo {
  /** Name of the product. */
  readonly system: string;
  readonly version: string;
  readonly commitSha: string;
  /** Part of the product: controller or listener. */
  readonly subsystem: string;
}

/** The caller unless another is named. */
export const defaultSystemInfo: SystemInfo = {
  system: 'temporal-arc',
  version: '0.1.0',
  commitSha: 'unknown',
  subsystem: 'controller',
};

/** The User-Agent of calls about a scale set, 0 before it exists (protocol: User-Agent). */
export const userAgentFor = (info: SystemInfo, scaleSetId = 0): string =>
  JSON.stringify({
    system: info.system,
    version: info.version,
    commit_sha: info.commitSha,
    scale_set_id: scaleSetId,
    subsystem: info.subsystem,
    build_version: info.version,
    build_commit_sha: info.commitSha,
    kind: 'scaleset',
  }).replaceAll(/[^\x20-\x7e]/g, '?');
