{{/* What is granted in the namespace of a scale set: the only file that says so. */}}

{{/* To the workers, for the runners' pods and what they bring with them. */}}
{{- define "gha-runner-scale-set.rules.manager" -}}
- apiGroups: ['']
  resources: [pods]
  verbs: [create, delete, get]
- apiGroups: ['']
  resources: [pods/status]
  verbs: [get]
- apiGroups: ['']
  resources: [secrets]
  verbs: [create, delete, get, patch, update]
- apiGroups: ['']
  resources: [serviceaccounts]
  verbs: [create, delete, get, list, patch, update]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [rolebindings]
  verbs: [create, delete, get, patch, update]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles]
  verbs: [create, delete, get, patch, update]
{{- if .Values.githubServerTLS }}
- apiGroups: ['']
  resources: [configmaps]
  verbs: [get]
{{- end }}
{{- end }}

{{/* To runners whose jobs run in pods of their own: what the container hooks ask for. */}}
{{- define "gha-runner-scale-set.rules.kubeMode" -}}
- apiGroups: ['']
  resources: [pods]
  verbs: [get, list, create, delete]
- apiGroups: ['']
  resources: [pods/exec]
  verbs: [get, create]
- apiGroups: ['']
  resources: [pods/log]
  verbs: [get, list, watch]
{{- if eq (include "gha-runner-scale-set.mode" .) "kubernetes" }}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, create, delete]
{{- end }}
- apiGroups: ['']
  resources: [secrets]
  verbs: [get, list, create, delete]
{{- with .Values.containerMode.kubernetesModeAdditionalRoleRules }}
{{ toYaml . }}
{{- end }}
{{- end }}
