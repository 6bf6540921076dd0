{{/* What is added to the pod of a runner. Whatever the template names itself stays as it is there. */}}

{{/* Not empty where Kubernetes has side cars: init containers that go on (1.29). */}}
{{- define "gha-runner-scale-set.hasSideCars" -}}
{{- if semverCompare ">=1.29-0" .Capabilities.KubeVersion.Version }}yes{{ end }}
{{- end }}

{{/* Joins two lists of named things, as YAML below "items": of the second only what the first does not name. */}}
{{- define "gha-runner-scale-set.union" -}}
{{- $items := list }}
{{- $names := list }}
{{- range .first }}
{{- $items = append $items . }}
{{- $names = append $names .name }}
{{- end }}
{{- range .second }}
{{- if not (has .name $names) }}
{{- $items = append $items . }}
{{- end }}
{{- end }}
{{- dict "items" $items | toYaml }}
{{- end }}

{{/* Path of the CA's certificate in the runner; empty where it is not mounted. */}}
{{- define "gha-runner-scale-set.certificatePath" -}}
{{- $tls := default dict .Values.githubServerTLS }}
{{- with $tls.runnerMountPath }}
{{- $key := dig "certificateFrom" "configMapKeyRef" "key" "" $tls }}
{{- clean (printf "%s/%s" . (required "githubServerTLS.certificateFrom.configMapKeyRef.key is required with runnerMountPath: the key of the CA's certificate in the ConfigMap." $key)) }}
{{- end }}
{{- end }}

{{/* Environment variables that the mode needs. */}}
{{- define "gha-runner-scale-set.env" -}}
{{- $mode := include "gha-runner-scale-set.mode" . }}
{{- if eq $mode "dind" }}
- name: DOCKER_HOST
  value: unix:///var/run/docker.sock
- name: RUNNER_WAIT_FOR_DOCKER_IN_SECONDS
  value: '120'
{{- else if include "gha-runner-scale-set.isKubeMode" . }}
- name: ACTIONS_RUNNER_CONTAINER_HOOKS
  value: {{ ternary "/home/runner/k8s/index.js" "/home/runner/k8s-novolume/index.js" (eq $mode "kubernetes") }}
- name: ACTIONS_RUNNER_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER
  value: 'true'
{{- if eq $mode "kubernetes-novolume" }}
- name: ACTIONS_RUNNER_IMAGE
  value: {{ default "" (include "gha-runner-scale-set.runner" . | fromYaml).image | quote }}
{{- end }}
{{- end }}
{{- with include "gha-runner-scale-set.certificatePath" . }}
- name: NODE_EXTRA_CA_CERTS
  value: {{ . | quote }}
- name: RUNNER_UPDATE_CA_CERTS
  value: '1'
{{- end }}
{{- end }}

{{/* Mounts of the runner that the mode needs. */}}
{{- define "gha-runner-scale-set.mounts" -}}
{{- $mode := include "gha-runner-scale-set.mode" . }}
{{- if has $mode (list "dind" "kubernetes") }}
- name: work
  mountPath: /home/runner/_work
{{- end }}
{{- if eq $mode "dind" }}
- name: dind-sock
  mountPath: /var/run
{{- end }}
{{- with include "gha-runner-scale-set.certificatePath" . }}
- name: github-server-tls-cert
  mountPath: {{ . | quote }}
  subPath: {{ base . | quote }}
{{- end }}
{{- end }}

{{/* Volumes that the mode needs. */}}
{{- define "gha-runner-scale-set.volumes" -}}
{{- $mode := include "gha-runner-scale-set.mode" . }}
{{- if include "gha-runner-scale-set.certificatePath" . }}
{{- with .Values.githubServerTLS.certificateFrom.configMapKeyRef }}
- name: github-server-tls-cert
  configMap:
    name: {{ .name | quote }}
    items:
      - key: {{ .key | quote }}
        path: {{ .key | quote }}
{{- end }}
{{- end }}
{{- if eq $mode "dind" }}
- name: dind-sock
  emptyDir: {}
- name: dind-externals
  emptyDir: {}
- name: work
  emptyDir: {}
{{- else if eq $mode "kubernetes" }}
- name: work
  ephemeral:
    volumeClaimTemplate:
      spec:
        {{- toYaml .Values.containerMode.kubernetesModeWorkVolumeClaim | nindent 8 }}
{{- end }}
{{- end }}

{{/* The container called runner, as the template has it. */}}
{{- define "gha-runner-scale-set.runner" -}}
{{- $runner := dict "name" "runner" }}
{{- range .Values.template.spec.containers }}
{{- if eq .name "runner" }}
{{- $runner = . }}
{{- end }}
{{- end }}
{{- toYaml $runner }}
{{- end }}

{{/* Adds to a container of the template what the mode needs. */}}
{{- define "gha-runner-scale-set.completed" -}}
{{- $container := deepCopy .container }}
{{- $isNoVolume := eq (include "gha-runner-scale-set.mode" .root) "kubernetes-novolume" }}
{{- $env := include "gha-runner-scale-set.union" (dict "first" $container.env "second" (include "gha-runner-scale-set.env" .root | fromYamlArray)) | fromYaml }}
{{- $mounts := include "gha-runner-scale-set.union" (dict "first" $container.volumeMounts "second" (include "gha-runner-scale-set.mounts" .root | fromYamlArray)) | fromYaml }}
{{- $container = omit $container "env" "volumeMounts" }}
{{- with $env.items }}
{{- $_ := set $container "env" . }}
{{- end }}
{{- if or $mounts.items $isNoVolume }}
{{- $_ := set $container "volumeMounts" $mounts.items }}
{{- end }}
{{- toYaml $container }}
{{- end }}

{{/* All containers: with a mode the runner comes first, without one it stays where it is. */}}
{{- define "gha-runner-scale-set.containers" -}}
{{- $root := . }}
{{- $mode := include "gha-runner-scale-set.mode" . }}
{{- $hasMode := or (eq $mode "dind") (include "gha-runner-scale-set.isKubeMode" .) }}
{{- $containers := list }}
{{- if $hasMode }}
{{- $containers = append $containers (include "gha-runner-scale-set.modeRunner" . | fromYaml) }}
{{- end }}
{{- if and (eq $mode "dind") (not (include "gha-runner-scale-set.hasSideCars" .)) }}
{{- $containers = append $containers (include "gha-runner-scale-set.dind" . | fromYaml) }}
{{- end }}
{{- range .Values.template.spec.containers }}
{{- if eq .name "runner" }}
{{- if not $hasMode }}
{{- $containers = append $containers (include "gha-runner-scale-set.completed" (dict "root" $root "container" .) | fromYaml) }}
{{- end }}
{{- else if not (and (eq $mode "dind") (eq .name "dind")) }}
{{- $containers = append $containers . }}
{{- end }}
{{- end }}
{{- toYaml $containers }}
{{- end }}

{{/* A template without a container called runner gets an empty one: nothing says which image it has. */}}
{{- define "gha-runner-scale-set.modeRunner" -}}
{{- $runner := include "gha-runner-scale-set.runner" . | fromYaml }}
{{- if gt (len $runner) 1 }}
{{- include "gha-runner-scale-set.completed" (dict "root" . "container" $runner) }}
{{- else }}
{{- toYaml $runner }}
{{- end }}
{{- end }}

{{- define "gha-runner-scale-set.initContainers" -}}
{{- $containers := list }}
{{- if eq (include "gha-runner-scale-set.mode" .) "dind" }}
{{- $containers = append $containers (include "gha-runner-scale-set.dindExternals" . | fromYaml) }}
{{- if include "gha-runner-scale-set.hasSideCars" . }}
{{- $containers = append $containers (include "gha-runner-scale-set.dind" . | fromYaml) }}
{{- end }}
{{- end }}
{{- with concat $containers (default list .Values.template.spec.initContainers) }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Copies what the runner brings for actions to where Docker's containers can mount it from. */}}
{{- define "gha-runner-scale-set.dindExternals" -}}
{{- $runner := include "gha-runner-scale-set.runner" . | fromYaml }}
name: init-dind-externals
{{- with $runner.image }}
image: {{ . | quote }}
{{- end }}
{{- if gt (len $runner) 1 }}
command: [cp]
args: [-r, /home/runner/externals/., /home/runner/tmpDir/]
volumeMounts:
  - name: dind-externals
    mountPath: /home/runner/tmpDir
{{- end }}
{{- end }}

{{- define "gha-runner-scale-set.dind" -}}
name: dind
image: docker:dind
args:
  - dockerd
  - --host=unix:///var/run/docker.sock
  - --group=$(DOCKER_GROUP_GID)
env:
  - name: DOCKER_GROUP_GID
    value: '123'
securityContext:
  privileged: true
{{- if include "gha-runner-scale-set.hasSideCars" . }}
restartPolicy: Always
startupProbe:
  exec:
    command: [docker, info]
  initialDelaySeconds: 0
  failureThreshold: 24
  periodSeconds: 5
{{- end }}
volumeMounts:
  - name: work
    mountPath: /home/runner/_work
  - name: dind-sock
    mountPath: /var/run
  - name: dind-externals
    mountPath: /home/runner/externals
{{- end }}

{{/* All volumes: the mode's first, each as the template has it if it names one so, then the template's others. */}}
{{- define "gha-runner-scale-set.allVolumes" -}}
{{- $left := default list .Values.template.spec.volumes }}
{{- $all := list }}
{{- range $ours := include "gha-runner-scale-set.volumes" . | fromYamlArray }}
{{- $chosen := $ours }}
{{- $others := list }}
{{- range $left }}
{{- if eq .name $ours.name }}
{{- $chosen = . }}
{{- else }}
{{- $others = append $others . }}
{{- end }}
{{- end }}
{{- $left = $others }}
{{- $all = append $all $chosen }}
{{- end }}
{{- $all = concat $all $left }}
{{- if or $all (eq (include "gha-runner-scale-set.mode" .) "kubernetes-novolume") }}
{{- toYaml $all }}
{{- end }}
{{- end }}

{{/* The spec of a runner's pod. */}}
{{- define "gha-runner-scale-set.podSpec" -}}
{{- $spec := omit (deepCopy .Values.template.spec) "containers" "initContainers" "volumes" "serviceAccountName" }}
{{- if not $spec.restartPolicy }}
{{- $_ := set $spec "restartPolicy" "Never" }}
{{- end }}
{{- $account := ternary (include "gha-runner-scale-set.kubeModeServiceAccountName" .) (include "gha-runner-scale-set.noPermissionServiceAccountName" .) (ne (include "gha-runner-scale-set.isKubeMode" .) "") }}
{{- $_ := set $spec "serviceAccountName" (default $account .Values.template.spec.serviceAccountName) }}
{{- $_ := set $spec "containers" (include "gha-runner-scale-set.containers" . | fromYamlArray) }}
{{- with include "gha-runner-scale-set.initContainers" . }}
{{- $_ := set $spec "initContainers" (fromYamlArray .) }}
{{- end }}
{{- with include "gha-runner-scale-set.allVolumes" . }}
{{- $_ := set $spec "volumes" (fromYamlArray .) }}
{{- end }}
{{- toYaml $spec }}
{{- end }}
