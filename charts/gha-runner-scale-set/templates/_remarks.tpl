{{/* What a person should know of the values that were given: nothing is ignored without a word. */}}
{{- define "gha-runner-scale-set.remarks" -}}
{{- $remarks := list }}
{{- range $field := list "maxRunners" "minRunners" }}
{{- if kindIs "string" (get $.Values $field) }}
{{- if get $.Values $field }}
{{- $remarks = append $remarks (printf "%s is a text, and is not used: give a number, without quotation marks or --set-string." $field) }}
{{- end }}
{{- end }}
{{- end }}
{{- $mode := include "gha-runner-scale-set.mode" . }}
{{- if and $mode (not (has $mode (list "dind" "kubernetes" "kubernetes-novolume"))) }}
{{- $remarks = append $remarks (printf "containerMode.type %q is no mode: runners are as the template says. Modes: dind, kubernetes, kubernetes-novolume." $mode) }}
{{- end }}
{{- if lt (len (include "gha-runner-scale-set.runner" . | fromYaml)) 2 }}
{{- $remarks = append $remarks "No container of template.spec is called runner: nobody takes a job." }}
{{- end }}
{{- if and (eq $mode "kubernetes") (not .Values.containerMode.kubernetesModeWorkVolumeClaim) }}
{{- $remarks = append $remarks "containerMode.kubernetesModeWorkVolumeClaim is empty: Kubernetes refuses a volume without accessModes and storage, unless the template has a volume called work." }}
{{- end }}
{{- if and .Values.scaleSetLabels (not (kindIs "slice" .Values.scaleSetLabels)) }}
{{- $remarks = append $remarks "scaleSetLabels is no list, and is not used." }}
{{- end }}
{{- $known := list "annotations" "containerMode" "controllerServiceAccount" "githubConfigSecret" "githubConfigUrl" "githubServerTLS" "global" "keyVault" "labels" "listenerMetrics" "listenerTemplate" "maxRunners" "minRunners" "nameOverride" "namespaceOverride" "proxy" "resourceMeta" "runnerGroup" "runnerScaleSetName" "scaleSetLabels" "template" }}
{{- range $key, $_ := .Values }}
{{- if not (has $key $known) }}
{{- $remarks = append $remarks (printf "%s is no value of this chart, and is not used." $key) }}
{{- end }}
{{- end }}
{{- toYaml $remarks }}
{{- end }}
