{{/* The metadata of a ServiceMonitor or PodMonitor, and which Prometheus sees it. */}}
{{- define "gha-runner-scale-set-controller.monitorMetadata" -}}
name: {{ .name }}
namespace: {{ default (include "gha-runner-scale-set-controller.namespace" .root) .values.namespace }}
labels:
  {{- include "gha-runner-scale-set-controller.labels" .root | nindent 2 }}
  {{- with .values.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* How an endpoint is scraped, beside its port and path. */}}
{{- define "gha-runner-scale-set-controller.monitorScrape" -}}
{{- range $field := list "interval" "scrapeTimeout" "relabelings" "metricRelabelings" }}
{{- with get $ $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
