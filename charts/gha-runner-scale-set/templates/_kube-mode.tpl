{{/* What the container hooks of the runner's image ask for, before they take a job: its own account has it, not the workers'. */}}
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
