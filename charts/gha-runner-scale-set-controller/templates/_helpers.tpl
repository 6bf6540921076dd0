{{/* The word that names everything of this chart. */}}
{{- define "gha-runner-scale-set-controller.base" -}}
gha-rs-controller
{{- end }}

{{/* A name that fits into a label or a DNS name. */}}
{{- define "gha-runner-scale-set-controller.short" -}}
{{- . | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "gha-runner-scale-set-controller.name" -}}
{{- include "gha-runner-scale-set-controller.short" (default (include "gha-runner-scale-set-controller.base" .) .Values.nameOverride) }}
{{- end }}

{{/* The release's name and the chart's, unless the one holds the other. */}}
{{- define "gha-runner-scale-set-controller.fullname" -}}
{{- $name := default (include "gha-runner-scale-set-controller.base" .) .Values.nameOverride }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- include "gha-runner-scale-set-controller.short" (default $full .Values.fullnameOverride) }}
{{- end }}

{{- define "gha-runner-scale-set-controller.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "gha-runner-scale-set-controller.selectorLabels" -}}
app.kubernetes.io/name: {{ include "gha-runner-scale-set-controller.name" . | quote }}
app.kubernetes.io/namespace: {{ include "gha-runner-scale-set-controller.namespace" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "gha-runner-scale-set-controller.chart" -}}
{{- $chart := printf "%s-%s" (include "gha-runner-scale-set-controller.base" .) .Chart.Version }}
{{- include "gha-runner-scale-set-controller.short" ($chart | replace "+" "_") }}
{{- end }}

{{- define "gha-runner-scale-set-controller.labels" -}}
{{- $labels := include "gha-runner-scale-set-controller.selectorLabels" . | fromYaml }}
{{- $_ := set $labels "helm.sh/chart" (include "gha-runner-scale-set-controller.chart" .) }}
{{- $_ := set $labels "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $labels "app.kubernetes.io/part-of" "gha-rs-controller" }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .Release.Service }}
{{- range $key, $value := .Values.labels }}
{{- $_ := set $labels $key (toString $value) }}
{{- end }}
{{- toYaml $labels }}
{{- end }}

{{- define "gha-runner-scale-set-controller.serviceAccountName" -}}
{{- $given := .Values.serviceAccount.name }}
{{- if eq (toString $given) "default" }}
{{- fail "serviceAccount.name cannot be set to 'default': every pod of the namespace runs as that one. Leave it empty, or give another name." }}
{{- end }}
{{- if and (not .Values.serviceAccount.create) (not $given) }}
{{- fail "serviceAccount.name must be set if serviceAccount.create is false: name the ServiceAccount that the workers run as." }}
{{- end }}
{{- default (include "gha-runner-scale-set-controller.fullname" .) $given }}
{{- end }}

{{/* The ServiceAccount as the subject of a binding. */}}
{{- define "gha-runner-scale-set-controller.subjects" -}}
- kind: ServiceAccount
  name: {{ include "gha-runner-scale-set-controller.serviceAccountName" . }}
  namespace: {{ include "gha-runner-scale-set-controller.namespace" . }}
{{- end }}

{{/*
The image of the workers and of listeners' pods. Values that were written for ARC name ARC's image, which must never run
here: its own name means ours, in the version of this chart; a copy of it elsewhere is refused.
*/}}
{{- define "gha-runner-scale-set-controller.image" -}}
{{- $ours := index .Chart.Annotations "temporal-arc/image" }}
{{- $given := default $ours .Values.image.repository }}
{{- if include "gha-runner-scale-set-controller.namesArcImage" . }}
{{- printf "%s:%s" $ours .Chart.AppVersion }}
{{- else if regexMatch "(^|/)(gha-runner-scale-set-controller|actions-runner-controller)([:@].*)?$" $given }}
{{- fail (printf "image.repository %q is a copy of ARC's image, which does not run these workflows. Leave image.repository and image.tag out, or name a copy of %s." $given $ours) }}
{{- else }}
{{- $tag := default .Chart.AppVersion .Values.image.tag | toString }}
{{- ternary (printf "%s@%s" $given $tag) (printf "%s:%s" $given $tag) (hasPrefix "sha256:" $tag) }}
{{- end }}
{{- end }}

{{/* Not empty where image.repository is ARC's own, as in a copy of ARC's values.yaml. */}}
{{- define "gha-runner-scale-set-controller.namesArcImage" -}}
{{- if eq (toString .Values.image.repository) "ghcr.io/actions/gha-runner-scale-set-controller" }}yes{{ end }}
{{- end }}

{{- define "gha-runner-scale-set-controller.pullPolicy" -}}
{{- default .Values.image.pullPolicy .Values.imagePullPolicy }}
{{- end }}

{{/* The number at the end of an address: ":8080", "0.0.0.0:8080". */}}
{{- define "gha-runner-scale-set-controller.portOf" -}}
{{- regexFind "[0-9]+$" (toString .) }}
{{- end }}

{{- define "gha-runner-scale-set-controller.metricsPort" -}}
{{- required "Values.metrics.controllerManagerAddr must end with a numeric port, such as :8080" (include "gha-runner-scale-set-controller.portOf" .Values.metrics.controllerManagerAddr) }}
{{- end }}

{{- define "gha-runner-scale-set-controller.pprofPort" -}}
{{- required "Values.pprof.addr must end with a numeric port, such as :6060" (include "gha-runner-scale-set-controller.portOf" .Values.pprof.addr) }}
{{- end }}

{{- define "gha-runner-scale-set-controller.healthPort" -}}
{{- include "gha-runner-scale-set-controller.portOf" (default ":8081" .Values.flags.healthProbeBindAddress) }}
{{- end }}

{{/* Where /metrics is found: at the address of its own, otherwise beside the health endpoints. */}}
{{- define "gha-runner-scale-set-controller.scrapePort" -}}
{{- $own := "" }}
{{- if .Values.metrics }}
{{- $own = include "gha-runner-scale-set-controller.metricsPort" . }}
{{- end }}
{{- ternary $own (include "gha-runner-scale-set-controller.healthPort" .) (and (ne $own "") (ne $own "0")) }}
{{- end }}

{{/* "90s" or "2m" in seconds; what is written otherwise counts as nothing. */}}
{{- define "gha-runner-scale-set-controller.seconds" -}}
{{- $text := toString . }}
{{- $number := regexFind "^[0-9]+" $text | int }}
{{- if regexMatch "^[0-9]+s$" $text }}{{ $number }}{{ else if regexMatch "^[0-9]+m$" $text }}{{ mul $number 60 }}{{ else }}0{{ end }}
{{- end }}

{{/* Five seconds more than work in flight may take, and never less than ARC's ten. */}}
{{- define "gha-runner-scale-set-controller.gracePeriod" -}}
{{- $grace := include "gha-runner-scale-set-controller.seconds" (default "3s" (dig "shutdownGrace" "" (default dict .Values.settings))) | int }}
{{- default (max 10 (add $grace 5)) .Values.terminationGracePeriodSeconds }}
{{- end }}
