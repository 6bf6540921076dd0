{{/* Labels that nobody else sets: they win. */}}
{{- define "gha-runner-scale-set.labels" -}}
{{- $name := include "gha-runner-scale-set.scale-set-name" . }}
helm.sh/chart: {{ printf "gha-rs-%s" .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ $name | quote }}
app.kubernetes.io/instance: {{ $name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: gha-rs
actions.github.com/scale-set-name: {{ $name | quote }}
actions.github.com/scale-set-namespace: {{ include "gha-runner-scale-set.namespace" . | quote }}
{{- end }}

{{/*
Labels and annotations of an object, as a map: those for all objects, over them those of resourceMeta for this one, over
them ours.

root       the chart's context
of         the object's name in resourceMeta
component  ours: what it is
*/}}
{{- define "gha-runner-scale-set.metadata" -}}
{{- $meta := dig .of dict (default dict .root.Values.resourceMeta) | default dict }}
{{- $own := include "gha-runner-scale-set.labels" .root | fromYaml }}
{{- with .component }}
{{- $_ := set $own "app.kubernetes.io/component" . }}
{{- end }}
{{- $labels := dict }}
{{- range $key, $value := .root.Values.labels }}
{{- if not (or (hasPrefix "actions.github.com/" $key) (eq $key "app.kubernetes.io/component")) }}
{{- $_ := set $labels $key (toString $value) }}
{{- end }}
{{- end }}
{{- range $key, $value := $meta.labels }}
{{- $_ := set $labels $key (toString $value) }}
{{- end }}
{{- range $key, $value := $own }}
{{- $_ := set $labels $key $value }}
{{- end }}
{{- $annotations := dict }}
{{- range $source := list .root.Values.annotations $meta.annotations }}
{{- range $key, $value := $source }}
{{- $_ := set $annotations $key (toString $value) }}
{{- end }}
{{- end }}
{{- dict "labels" $labels "annotations" $annotations | toYaml }}
{{- end }}

{{/* The metadata of what is made beside the scale set, which keeps it until the workers are done with it. */}}
{{- define "gha-runner-scale-set.companion" -}}
name: {{ .name | quote }}
namespace: {{ include "gha-runner-scale-set.namespace" .root | quote }}
{{- $metadata := include "gha-runner-scale-set.metadata" . | fromYaml }}
labels:
  {{- toYaml $metadata.labels | nindent 2 }}
{{- with $metadata.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
finalizers:
  - actions.github.com/cleanup-protection
{{- end }}

{{/* Of the scale set itself: nobody else names what is cleaned up with it, or whose it is. */}}
{{- define "gha-runner-scale-set.scaleSetMetadata" -}}
{{- $metadata := include "gha-runner-scale-set.metadata" (dict "root" . "of" "autoscalingRunnerSet" "component" "autoscaling-runner-set") | fromYaml }}
{{- $own := list "actions.github.com/scale-set-name" "actions.github.com/scale-set-namespace" }}
name: {{ include "gha-runner-scale-set.scale-set-name" . | replace "_" "-" | quote }}
namespace: {{ include "gha-runner-scale-set.namespace" . | quote }}
labels:
  {{- range $key, $value := $metadata.labels }}
  {{- if or (has $key $own) (not (hasPrefix "actions.github.com/" $key)) }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
  {{- end }}
annotations:
  {{- range $key, $value := $metadata.annotations }}
  {{- if not (or (hasPrefix "actions.github.com/cleanup-" $key) (eq $key "actions.github.com/values-hash")) }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
  {{- end }}
  {{- include "gha-runner-scale-set.cleanUp" . | nindent 2 }}
  actions.github.com/values-hash: {{ toJson .Values | sha256sum | trunc 63 | quote }}
{{- end }}

{{/* What the workers let go of when the scale set is deleted. */}}
{{- define "gha-runner-scale-set.cleanUp" -}}
{{- if not (kindIs "string" .Values.githubConfigSecret) }}
actions.github.com/cleanup-github-secret-name: {{ include "gha-runner-scale-set.githubSecretName" . }}
{{- end }}
actions.github.com/cleanup-manager-role-binding: {{ include "gha-runner-scale-set.managerRoleName" . }}
actions.github.com/cleanup-manager-role-name: {{ include "gha-runner-scale-set.managerRoleName" . }}
{{- $account := include "gha-runner-scale-set.ownServiceAccount" . }}
{{- if eq $account "kube-mode" }}
actions.github.com/cleanup-kubernetes-mode-role-binding-name: {{ include "gha-runner-scale-set.kubeModeRoleName" . }}
actions.github.com/cleanup-kubernetes-mode-role-name: {{ include "gha-runner-scale-set.kubeModeRoleName" . }}
actions.github.com/cleanup-kubernetes-mode-service-account-name: {{ include "gha-runner-scale-set.kubeModeServiceAccountName" . }}
{{- else if eq $account "no-permission" }}
actions.github.com/cleanup-no-permission-service-account-name: {{ include "gha-runner-scale-set.noPermissionServiceAccountName" . }}
{{- end }}
{{- end }}
