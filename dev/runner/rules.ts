/** What is to happen to new pods; the first rule that matches holds. */
export interface Rule {
  /** The EphemeralRunnerSet whose runners it hits (their names begin with its name); absent: all. */
  set?: string;
  namespace?: string;
  /** The runner ends with this code before it connects. */
  exitCode?: number;
  /** The node throws the pod out before the runner connects. */
  evict?: boolean;
  /** The container waits for ever with this reason, such as ErrImagePull. */
  waiting?: string;
  /** Which container waits, an init container or a side car too; `runner` unless given. */
  container?: string;
  /** What the kubelet says, in an Event, of a volume that it cannot mount: no container is created. */
  failedMount?: string;
  /** The side car that never starts, as its startup probe fails. */
  unstarted?: string;
  /** How often that one was started again by then. */
  restarts?: number;
  /** Milliseconds before the runner comes online, or ends. */
  delayMs?: number;
  /** Milliseconds for which the runner's container goes on after its job, as a side process that hangs makes it. */
  lingerMs?: number;
  /** How many pods it hits; absent: all, until the rules are cleared. */
  times?: number;
}

/** The rules in force. */
export interface Rules {
  add(rule: Rule): void;
  clear(): void;
  list(): Rule[];
  /** The rule that hits this new pod; counts down its `times`. */
  take(pod: { namespace: string; name: string }): Rule | undefined;
}

/** An empty book of rules. */
export function createRules(): Rules {
  let rules: Rule[] = [];
  return {
    add: (rule) => rules.push({ ...rule }),
    clear: () => {
      rules = [];
    },
    list: () => rules.map((rule) => ({ ...rule })),
    take: ({ namespace, name }) => {
      const hit = rules.find(
        (rule) =>
          (rule.namespace === undefined || rule.namespace === namespace) &&
          (rule.set === undefined || name.startsWith(`${rule.set}-`)),
      );
      if (hit?.times !== undefined) {
        hit.times -= 1;
        if (hit.times <= 0) rules = rules.filter((rule) => rule !== hit);
      }
      return hit;
    },
  };
}
