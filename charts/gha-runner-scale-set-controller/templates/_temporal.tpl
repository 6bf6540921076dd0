{{- define "gha-runner-scale-set-controller.settingsName" -}}
{{- include "gha-runner-scale-set-controller.fullname" . }}-settings
{{- end }}

{{/* What the workers are told by their environment, as a map: Temporal, and each setting by the name of its flag. */}}
{{- define "gha-runner-scale-set-controller.settings" -}}
{{- $temporal := .Values.temporal }}
{{- $data := dict }}
{{- range $name, $value := dict
  "TEMPORAL_ADDRESS" $temporal.address
  "TEMPORAL_NAMESPACE" $temporal.namespace
  "TEMPORAL_TLS_SERVER_NAME" $temporal.tls.serverName
  "TEMPORAL_ARC_CLUSTER" $temporal.cluster
}}
{{- if $value }}
{{- $_ := set $data $name (toString $value) }}
{{- end }}
{{- end }}
{{- if not (kindIs "invalid" $temporal.tls.enabled) }}
{{- $_ := set $data "TEMPORAL_TLS" (toString $temporal.tls.enabled) }}
{{- end }}
{{- if $temporal.tls.disableHostVerification }}
{{- $_ := set $data "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION" "true" }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{- if not (kindIs "invalid" $value) }}
{{- $text := ternary (join "," (ternary $value list (kindIs "slice" $value))) (include "gha-runner-scale-set-controller.text" $value) (kindIs "slice" $value) }}
{{- $_ := set $data (printf "TEMPORAL_ARC_%s" (snakecase $name | upper)) $text }}
{{- end }}
{{- end }}
{{- toYaml $data }}
{{- end }}

{{/* A number as one would write it: values files hold all of them as floating point. */}}
{{- define "gha-runner-scale-set-controller.text" -}}
{{- if kindIs "float64" . }}{{ . | int64 }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{/* What of Temporal is secret, each with the Secret and the key it is in: name, secret, key. */}}
{{- define "gha-runner-scale-set-controller.temporalReferences" -}}
{{- $temporal := .Values.temporal }}
- [TEMPORAL_API_KEY, {{ $temporal.apiKey.secretName | quote }}, {{ $temporal.apiKey.key | quote }}]
- [TEMPORAL_TLS_CLIENT_CERT_DATA, {{ $temporal.tls.secretName | quote }}, tls.crt]
- [TEMPORAL_TLS_CLIENT_KEY_DATA, {{ $temporal.tls.secretName | quote }}, tls.key]
- [TEMPORAL_TLS_SERVER_CA_CERT_DATA, {{ $temporal.tls.caSecretName | quote }}, {{ $temporal.tls.caKey | quote }}]
{{- end }}

{{/* The same as environment variables, but for those that `env` gives. Listeners' pods get the same references. */}}
{{- define "gha-runner-scale-set-controller.temporalSecrets" -}}
{{- $given := list }}
{{- range ternary .Values.env list (kindIs "slice" .Values.env) }}
{{- $given = append $given .name }}
{{- end }}
{{- range include "gha-runner-scale-set-controller.temporalReferences" . | fromYamlArray }}
{{- if and (index . 1) (not (has (index . 0) $given)) }}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 }}
{{- end }}
{{- end }}
{{- end }}
