{{/* What a person should know of the values that were given: nothing is ignored without a word. */}}
{{- define "gha-runner-scale-set-controller.remarks" -}}
{{- $remarks := list }}
{{- if include "gha-runner-scale-set-controller.namesArcImage" . }}
{{- $remarks = append $remarks (printf "image.repository is ARC's; %s runs instead, and image.tag is not used. Leave both out." (include "gha-runner-scale-set-controller.image" .)) }}
{{- end }}
{{- if not .Values.flags.healthProbeBindAddress }}
{{- $remarks = append $remarks "There are no probes, as in ARC: with flags.healthProbeBindAddress=:8081 a roll-out waits until the new workers are ready." }}
{{- end }}
{{- if and .Values.flags.watchSingleNamespace .Values.settings.watchNamespace }}
{{- $remarks = append $remarks "settings.watchNamespace adds to flags.watchSingleNamespace, and the rights are for the latter only." }}
{{- end }}
{{- if and .Values.autoscaling.enabled (not .Values.resources.requests) }}
{{- $remarks = append $remarks "autoscaling needs resources.requests: without them there is no utilization to aim at." }}
{{- end }}
{{- if and .Values.env (not (kindIs "slice" .Values.env)) }}
{{- $remarks = append $remarks "env is not used: give a list of name and value." }}
{{- end }}
{{- if and .Values.temporal.tls.disableHostVerification }}
{{- $remarks = append $remarks "temporal.tls.disableHostVerification trusts whatever answers at Temporal's address." }}
{{- end }}
{{- $known := list "affinity" "autoscaling" "crds" "env" "flags" "fullnameOverride" "global" "image" "imagePullPolicy" "imagePullSecrets" "labels" "metrics" "nameOverride" "namespaceOverride" "networkPolicy" "nodeSelector" "podAnnotations" "podDisruptionBudget" "podLabels" "podMonitor" "podSecurityContext" "pprof" "priorityClassName" "replicaCount" "resources" "securityContext" "service" "serviceAccount" "serviceMonitor" "settings" "temporal" "terminationGracePeriodSeconds" "tolerations" "topologySpreadConstraints" "volumeMounts" "volumes" }}
{{- range $key, $_ := .Values }}
{{- if not (has $key $known) }}
{{- $remarks = append $remarks (printf "%s is no value of this chart, and is not used." $key) }}
{{- end }}
{{- end }}
{{- toYaml $remarks }}
{{- end }}
