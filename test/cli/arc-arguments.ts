/**
 * Arguments that the controller charts of ARC give their manager, by version and by what of their values is set; a `PORT`
 * each is to be replaced. Facts of the charts: `helm template` shows them.
 */
export const ARC_ARGUMENTS: readonly (readonly [title: string, args: readonly string[]])[] = [
  [
    '0.12.1, its defaults',
    [
      '--auto-scaling-runner-set-only',
      '--log-level=debug',
      '--log-format=text',
      '--runner-max-concurrent-reconciles=2',
      '--update-strategy=immediate',
      '--listener-metrics-addr=0',
      '--listener-metrics-endpoint=',
      '--metrics-addr=0',
    ],
  ],
  [
    '0.12.1, everything set',
    [
      '--auto-scaling-runner-set-only',
      '--enable-leader-election',
      '--leader-election-id=arc-gha-rs-controller',
      '--auto-scaler-image-pull-secrets=one,two',
      '--log-level=info',
      '--log-format=json',
      '--watch-single-namespace=NAMESPACE',
      '--runner-max-concurrent-reconciles=20',
      '--update-strategy=eventual',
      '--listener-metrics-addr=:8080',
      '--listener-metrics-endpoint=/metrics',
      '--metrics-addr=:PORT',
      '--exclude-label-propagation-prefix=argocd.argoproj.io/instance',
      '--k8s-client-rate-limiter-qps=50',
      '--k8s-client-rate-limiter-burst=80',
    ],
  ],
  [
    '0.14.2, everything set',
    [
      '--auto-scaling-runner-set-only',
      '--enable-leader-election',
      '--leader-election-id=arc-gha-rs-controller',
      '--auto-scaler-image-pull-secrets=one',
      '--auto-scaler-image-pull-secrets=two',
      '--log-level=warn',
      '--log-format=json',
      '--watch-single-namespace=NAMESPACE',
      '--runner-max-concurrent-reconciles=20',
      '--update-strategy=eventual',
      '--listener-metrics-addr=:8080',
      '--listener-metrics-endpoint=/metrics',
      '--metrics-addr=:PORT',
      '--pprof-addr=:6060',
      '--exclude-label-propagation-prefix=argocd.argoproj.io/instance',
      '--exclude-label-propagation-prefix=example.com/',
      '--k8s-client-rate-limiter-qps=50',
      '--k8s-client-rate-limiter-burst=80',
      '--workqueue-rate-limiter=typed_rate_limiter',
      '--health-probe-bind-address=:PORT',
    ],
  ],
];
