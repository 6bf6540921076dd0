{{/*
Whom the rights in this namespace are granted to: the ServiceAccount of the workers. Given by controllerServiceAccount, or
found by the labels of their Deployment.

root   the chart's context
field  "name" or "namespace"
*/}}
{{- define "gha-runner-scale-set.controller" -}}
{{- $given := get (default dict .root.Values.controllerServiceAccount) .field }}
{{- if $given }}
{{- $given }}
{{- else }}
{{- $remedy := printf "Consider setting controllerServiceAccount.%s in values.yaml to be explicit." .field }}
{{- $deployment := include "gha-runner-scale-set.controllerLabels" (dict "root" .root "remedy" $remedy) | fromYaml }}
{{- $label := printf "actions.github.com/controller-service-account-%s" .field }}
{{- $words := ternary "name" "namespace" (eq .field "name") }}
{{- required (printf "No service account %s found for gha-rs-controller deployment using label (%s). %s" $words $label $remedy) (get $deployment $label) }}
{{- end }}
{{- end }}

{{/* The labels of the Deployment that serves this namespace. */}}
{{- define "gha-runner-scale-set.controllerLabels" -}}
{{- $everywhere := list }}
{{- $byNamespace := dict }}
{{- range (lookup "apps/v1" "Deployment" "" "").items }}
{{- $labels := default dict .metadata.labels }}
{{- if eq (get $labels "app.kubernetes.io/part-of") "gha-rs-controller" }}
{{- if hasKey $labels "actions.github.com/controller-watch-single-namespace" }}
{{- $_ := set $byNamespace (get $labels "actions.github.com/controller-watch-single-namespace") $labels }}
{{- else }}
{{- $everywhere = append $everywhere $labels }}
{{- end }}
{{- end }}
{{- end }}
{{- if and $everywhere $byNamespace }}
{{- fail (printf "Found both gha-rs-controller installed with flags.watchSingleNamespace set and unset in cluster, this is not supported. %s" .remedy) }}
{{- else if gt (len $everywhere) 1 }}
{{- fail (printf "More than one gha-rs-controller deployment found using label (app.kubernetes.io/part-of=gha-rs-controller). %s" .remedy) }}
{{- else if $everywhere }}
{{- first $everywhere | toYaml }}
{{- else if not $byNamespace }}
{{- fail (printf "No gha-rs-controller deployment found using label (app.kubernetes.io/part-of=gha-rs-controller). Install the chart gha-runner-scale-set-controller first. %s" .remedy) }}
{{- else }}
{{- $namespace := include "gha-runner-scale-set.namespace" .root }}
{{- if not (hasKey $byNamespace $namespace) }}
{{- fail (printf "No gha-rs-controller deployment that watch this namespace found using label (actions.github.com/controller-watch-single-namespace=%s). %s" $namespace .remedy) }}
{{- end }}
{{- get $byNamespace $namespace | toYaml }}
{{- end }}
{{- end }}
