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

{{/* What of Temporal is secret: the API key and the client's certificate. Listeners' pods get the same references. */}}
{{- define "gha-runner-scale-set-controller.temporalSecrets" -}}
{{- $temporal := .Values.temporal }}
{{- with $temporal.apiKey.secretName }}
{{- include "gha-runner-scale-set-controller.secretVariable" (dict "name" "TEMPORAL_API_KEY" "secret" . "key" $temporal.apiKey.key) }}
{{- end }}
{{- with $temporal.tls.secretName }}
{{- include "gha-runner-scale-set-controller.secretVariable" (dict "name" "TEMPORAL_TLS_CLIENT_CERT_DATA" "secret" . "key" "tls.crt") }}
{{- include "gha-runner-scale-set-controller.secretVariable" (dict "name" "TEMPORAL_TLS_CLIENT_KEY_DATA" "secret" . "key" "tls.key") }}
{{- end }}
{{- with $temporal.tls.caSecretName }}
{{- include "gha-runner-scale-set-controller.secretVariable" (dict "name" "TEMPORAL_TLS_SERVER_CA_CERT_DATA" "secret" . "key" $temporal.tls.caKey) }}
{{- end }}
{{- end }}

{{- define "gha-runner-scale-set-controller.secretVariable" }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
