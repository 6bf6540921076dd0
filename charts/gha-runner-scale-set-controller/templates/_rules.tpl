{{/*
What the workers may do, one set of rules for each Role: the only file that says so. The Roles that include them say where
they hold. There is no list and no watch of Secrets anywhere.
*/}}

{{/* Full rights on one kind of ours: what a finalizer, a status and a deletion need. */}}
{{- define "gha-runner-scale-set-controller.rules.kind" -}}
- apiGroups: [actions.github.com]
  resources: [{{ . }}]
  verbs: [create, delete, get, list, patch, update, watch]
- apiGroups: [actions.github.com]
  resources: [{{ . }}/finalizers]
  verbs: [patch, update]
- apiGroups: [actions.github.com]
  resources: [{{ . }}/status]
  verbs: [get, patch, update]
{{- end }}

{{/* What is watched of Kubernetes' own. */}}
{{- define "gha-runner-scale-set-controller.rules.watched" -}}
- apiGroups: ['']
  resources: [pods]
  verbs: [list, watch]
- apiGroups: ['']
  resources: [serviceaccounts]
  verbs: [list, watch]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [rolebindings]
  verbs: [list, watch]
{{- end }}

{{/* ClusterRole: all namespaces. */}}
{{- define "gha-runner-scale-set-controller.rules.cluster" -}}
{{- range list "autoscalingrunnersets" "autoscalinglisteners" "ephemeralrunnersets" "ephemeralrunners" }}
{{ include "gha-runner-scale-set-controller.rules.kind" . }}
{{- end }}
{{ include "gha-runner-scale-set-controller.rules.watched" . }}
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles]
  verbs: [list, watch, patch]
{{- end }}

{{/* Role in the workers' namespace: the pods of listeners, with what they need. */}}
{{- define "gha-runner-scale-set-controller.rules.listener" -}}
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
  verbs: [create, delete, get, patch, update]
{{- end }}

{{/* Role in the workers' namespace, where only one namespace is served. */}}
{{- define "gha-runner-scale-set-controller.rules.singleNamespace" -}}
{{ include "gha-runner-scale-set-controller.rules.kind" "autoscalinglisteners" }}
{{ include "gha-runner-scale-set-controller.rules.watched" . }}
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles]
  verbs: [list, watch]
{{- range list "autoscalingrunnersets" "ephemeralrunnersets" "ephemeralrunners" }}
- apiGroups: [actions.github.com]
  resources: [{{ . }}]
  verbs: [list, watch]
{{- end }}
{{- end }}

{{/* Role in the one namespace that is served. */}}
{{- define "gha-runner-scale-set-controller.rules.singleNamespaceWatch" -}}
{{- range list "autoscalingrunnersets" "ephemeralrunnersets" "ephemeralrunners" }}
{{ include "gha-runner-scale-set-controller.rules.kind" . }}
{{- end }}
- apiGroups: [actions.github.com]
  resources: [autoscalinglisteners]
  verbs: [list, watch]
{{ include "gha-runner-scale-set-controller.rules.watched" . }}
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles]
  verbs: [list, watch, patch]
{{- end }}

{{/* Role in the workers' namespace that ARC has no counterpart of: how workers share a rate limit, and who they are. */}}
{{- define "gha-runner-scale-set-controller.rules.workers" -}}
- apiGroups: ['']
  resources: [configmaps]
  verbs: [create, get, list, patch, watch]
- apiGroups: ['']
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* Role or ClusterRole for the namespaces that are served, which ARC has no counterpart of either. */}}
{{- define "gha-runner-scale-set-controller.rules.runners" -}}
- apiGroups: ['']
  resources: [events]
  verbs: [create, list, patch]
- apiGroups: ['']
  resources: [pods]
  verbs: [patch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [create, delete, get, patch]
- apiGroups: ['']
  resources: [resourcequotas]
  verbs: [get, list, watch]
{{- if not .Values.flags.watchSingleNamespace }}
- apiGroups: ['']
  resources: [namespaces]
  verbs: [get]
{{- end }}
{{- end }}

{{/* Role in the workers' namespace with more than one replica. There is no leader: ARC's chart has it, and nothing is asked. */}}
{{- define "gha-runner-scale-set-controller.rules.leaderElection" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, watch, list, delete, update, create]
- apiGroups: ['']
  resources: [events]
  verbs: [create, patch]
{{- end }}
