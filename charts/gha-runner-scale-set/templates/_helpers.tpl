{{/* The name of the scale set: what workflows write behind runs-on. */}}
{{- define "gha-runner-scale-set.scale-set-name" -}}
{{- default .Release.Name .Values.runnerScaleSetName | toString }}
{{- end }}

{{/* How everything else of the scale set begins. */}}
{{- define "gha-runner-scale-set.fullname" -}}
{{- printf "%s-gha-rs" (include "gha-runner-scale-set.scale-set-name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The same for kinds whose names must be DNS names. */}}
{{- define "gha-runner-scale-set.dnsName" -}}
{{- include "gha-runner-scale-set.fullname" . | replace "_" "-" }}
{{- end }}

{{- define "gha-runner-scale-set.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "gha-runner-scale-set.managerRoleName" -}}
{{- include "gha-runner-scale-set.fullname" . }}-manager
{{- end }}

{{- define "gha-runner-scale-set.kubeModeRoleName" -}}
{{- include "gha-runner-scale-set.fullname" . }}-kube-mode
{{- end }}

{{- define "gha-runner-scale-set.kubeModeServiceAccountName" -}}
{{- include "gha-runner-scale-set.dnsName" . }}-kube-mode
{{- end }}

{{- define "gha-runner-scale-set.noPermissionServiceAccountName" -}}
{{- include "gha-runner-scale-set.dnsName" . }}-no-permission
{{- end }}

{{/* The Secret with the credentials for GitHub: one that exists, or the one that is made here. */}}
{{- define "gha-runner-scale-set.githubSecretName" -}}
{{- if not (kindIs "string" .Values.githubConfigSecret) }}
{{- include "gha-runner-scale-set.dnsName" . }}-github-secret
{{- else }}
{{- required "Values.githubConfigSecret is required for setting auth with GitHub server: name a Secret of the namespace, or give github_token, or the three values of a GitHub App." .Values.githubConfigSecret }}
{{- end }}
{{- end }}

{{- define "gha-runner-scale-set.mode" -}}
{{- dig "type" "" (default dict .Values.containerMode) }}
{{- end }}

{{/* Not empty where jobs run in pods of their own (container hooks). */}}
{{- define "gha-runner-scale-set.isKubeMode" -}}
{{- if has (include "gha-runner-scale-set.mode" .) (list "kubernetes" "kubernetes-novolume") }}yes{{ end }}
{{- end }}

{{/* The ServiceAccount that is made for runners: "kube-mode", "no-permission", or none where the template names one. */}}
{{- define "gha-runner-scale-set.ownServiceAccount" -}}
{{- if not .Values.template.spec.serviceAccountName }}
{{- if include "gha-runner-scale-set.isKubeMode" . }}kube-mode{{ else }}no-permission{{ end }}
{{- end }}
{{- end }}
