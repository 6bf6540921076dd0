{{/* Refuses what no scale set can be made of. */}}
{{- define "gha-runner-scale-set.check" -}}
{{- $name := include "gha-runner-scale-set.scale-set-name" . }}
{{- if or (not $name) (gt (len $name) 45) }}
{{- fail (printf "Name must have up to 45 characters, and %q has %d: give runnerScaleSetName, or the release, a shorter one." $name (len $name)) }}
{{- end }}
{{- if gt (len (include "gha-runner-scale-set.namespace" .)) 63 }}
{{- fail "Namespace must have up to 63 characters: so it is in Kubernetes. Install into another one, or correct namespaceOverride." }}
{{- end }}
{{- $_ := required ".Values.githubConfigUrl is required: the URL of the repository, organization or enterprise that the runners are for." .Values.githubConfigUrl }}
{{- range ternary .Values.scaleSetLabels list (kindIs "slice" .Values.scaleSetLabels) }}
{{- if empty . }}
{{- fail "scaleSetLabels contains an empty string: each label must have from 1 to 255 characters." }}
{{- end }}
{{- if ge (len .) 256 }}
{{- fail (printf "scaleSetLabels contains a label that is 256 characters or more: each label must have from 1 to 255. It begins with %q." (trunc 20 .)) }}
{{- end }}
{{- end }}
{{- include "gha-runner-scale-set.checkLimits" . }}
{{- end }}

{{- define "gha-runner-scale-set.checkLimits" -}}
{{- $max := include "gha-runner-scale-set.limit" .Values.maxRunners }}
{{- $min := include "gha-runner-scale-set.limit" .Values.minRunners }}
{{- if and $max $min (gt (int64 $min) (int64 $max)) }}
{{- fail (printf "maxRunners has to be greater or equal to minRunners: it is %s, and minRunners %s." $max $min) }}
{{- end }}
{{- range $field, $value := dict "maxRunners" $max "minRunners" $min }}
{{- if and $value (lt (int64 $value) 0) }}
{{- fail (printf "%s has to be greater or equal to 0: it is %s." $field $value) }}
{{- end }}
{{- end }}
{{- end }}

{{/* A number of runners, as text; empty where none is given. */}}
{{- define "gha-runner-scale-set.limit" -}}
{{- if or (kindIs "int64" .) (kindIs "float64" .) }}
{{- . | int64 }}
{{- end }}
{{- end }}

{{/* How GitHub is reached: its CA, a vault, proxies. */}}
{{- define "gha-runner-scale-set.access" -}}
{{- with .Values.githubServerTLS }}
githubServerTLS:
  {{- with .certificateFrom }}
  certificateFrom:
    configMapKeyRef:
      {{- pick .configMapKeyRef "name" "key" | toYaml | nindent 6 }}
  {{- end }}
{{- end }}
{{- $vault := default dict .Values.keyVault }}
{{- if $vault.type }}
{{- if ne $vault.type "azure_key_vault" }}
{{- fail (printf "Unsupported keyVault type: %q. keyVault.type can only be azure_key_vault." $vault.type) }}
{{- end }}
vaultConfig:
  type: azure_key_vault
  {{- with $vault.proxy }}
  proxy:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  azureKeyVault:
    {{- include "gha-runner-scale-set.azureKeyVault" $vault | nindent 4 }}
{{- end }}
{{- with .Values.proxy }}
proxy:
  {{- range $scheme := list "http" "https" }}
  {{- with get $.Values.proxy $scheme }}
  {{ $scheme }}:
    url: {{ .url | quote }}
    {{- with .credentialSecretRef }}
    credentialSecretRef: {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- end }}
  {{- if and .noProxy (kindIs "slice" .noProxy) }}
  noProxy:
    {{- toYaml .noProxy | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The comments of ARC's values.yaml call these fields otherwise than its chart does: both are taken. */}}
{{- define "gha-runner-scale-set.azureKeyVault" -}}
{{- $vault := merge dict (default dict .azureKeyVault) (default dict .azure_key_vault) }}
{{- range $field, $other := dict "url" "url" "tenantId" "tenant_id" "clientId" "client_id" "certificatePath" "certificate_path" }}
{{ $field }}: {{ required (printf "keyVault.azureKeyVault.%s is required with keyVault.type azure_key_vault." $field) (default (get $vault $other) (get $vault $field)) | quote }}
{{- end }}
{{- end }}

{{/* Labels and annotations of what the workers make for the scale set. */}}
{{- define "gha-runner-scale-set.innerMetadata" -}}
{{- $meta := default dict .Values.resourceMeta }}
{{- range $field, $name := dict
  "autoscalingListener" "autoscalingListener"
  "listenerServiceAccountMetadata" "listenerServiceAccount"
  "listenerRoleMetadata" "listenerRole"
  "listenerRoleBindingMetadata" "listenerRoleBinding"
  "listenerConfigSecretMetadata" "listenerConfigSecret"
  "ephemeralRunnerSetMetadata" "ephemeralRunnerSet"
  "ephemeralRunnerMetadata" "ephemeralRunner"
  "ephemeralRunnerConfigSecretMetadata" "ephemeralRunnerConfigSecret"
}}
{{- with get $meta $name }}
{{ $field }}:
  {{- pick . "labels" "annotations" | toYaml | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
