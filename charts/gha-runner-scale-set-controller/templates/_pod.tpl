{{/* Where pods of this chart run, with what priority and rights, and how their image is pulled. */}}
{{- define "gha-runner-scale-set-controller.podPlacement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The arguments of /manager: ARC's, in its order. All other settings come from the ConfigMap. */}}
{{- define "gha-runner-scale-set-controller.args" -}}
{{- $flags := .Values.flags }}
{{- $metrics := default (dict "listenerAddr" "0" "controllerManagerAddr" "0") .Values.metrics }}
{{- $args := list "--auto-scaling-runner-set-only" }}
{{- if gt (int (default 1 .Values.replicaCount)) 1 }}
{{- $id := include "gha-runner-scale-set-controller.fullname" . }}
{{- $args = append $args "--enable-leader-election" }}
{{- $args = append $args (printf "--leader-election-id=%s" $id) }}
{{- end }}
{{- range .Values.imagePullSecrets }}
{{- $args = append $args (printf "--auto-scaler-image-pull-secrets=%s" .name) }}
{{- end }}
{{- $given := list
  (list "log-level" $flags.logLevel)
  (list "log-format" $flags.logFormat)
  (list "watch-single-namespace" $flags.watchSingleNamespace)
  (list "runner-max-concurrent-reconciles" $flags.runnerMaxConcurrentReconciles)
  (list "update-strategy" $flags.updateStrategy)
}}
{{- range $pair := $given }}
{{- with last $pair }}
{{- $args = append $args (printf "--%s=%v" (first $pair) .) }}
{{- end }}
{{- end }}
{{- $args = append $args (printf "--listener-metrics-addr=%v" $metrics.listenerAddr) }}
{{- $args = append $args (printf "--listener-metrics-endpoint=%v" (default "" $metrics.listenerEndpoint)) }}
{{- $args = append $args (printf "--metrics-addr=%v" $metrics.controllerManagerAddr) }}
{{- with .Values.pprof.addr }}
{{- $args = append $args (printf "--pprof-addr=%s" .) }}
{{- end }}
{{- range $flags.excludeLabelPropagationPrefixes }}
{{- $args = append $args (printf "--exclude-label-propagation-prefix=%s" .) }}
{{- end }}
{{- $late := list
  (list "k8s-client-rate-limiter-qps" $flags.k8sClientRateLimiterQPS)
  (list "k8s-client-rate-limiter-burst" $flags.k8sClientRateLimiterBurst)
  (list "workqueue-rate-limiter" (dig "name" "" (default dict $flags.rateLimiter)))
  (list "health-probe-bind-address" $flags.healthProbeBindAddress)
}}
{{- range $pair := $late }}
{{- with last $pair }}
{{- $args = append $args (printf "--%s=%v" (first $pair) .) }}
{{- end }}
{{- end }}
{{- toYaml $args }}
{{- end }}

{{- define "gha-runner-scale-set-controller.ports" -}}
{{- if .Values.metrics }}
- name: metrics
  containerPort: {{ include "gha-runner-scale-set-controller.metricsPort" . }}
  protocol: TCP
{{- end }}
{{- if .Values.pprof.addr }}
- name: pprof
  containerPort: {{ include "gha-runner-scale-set-controller.pprofPort" . }}
  protocol: TCP
{{- end }}
{{- end }}

{{/* The metadata of what runs before an install or an upgrade, and is gone after it. */}}
{{- define "gha-runner-scale-set-controller.hookMetadata" -}}
name: {{ .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "gha-runner-scale-set-controller.labels" .root | nindent 2 }}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
