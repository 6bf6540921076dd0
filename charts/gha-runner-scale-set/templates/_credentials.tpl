{{/* The credentials for GitHub that the values hold, encoded; what is empty is left out. */}}
{{- define "gha-runner-scale-set.credentials" -}}
{{- $data := dict }}
{{- range $key, $value := required "Values.githubConfigSecret is required for setting auth with GitHub server: give github_token, or the three values of a GitHub App, or the name of a Secret." .Values.githubConfigSecret }}
{{- if $value }}
{{- $_ := set $data $key (toString $value | b64enc) }}
{{- end }}
{{- end }}
{{- $isApp := hasKey $data "github_app_id" }}
{{- if not (or $isApp (hasKey $data "github_token")) }}
{{- fail "A valid .Values.githubConfigSecret is required for setting auth with GitHub server, provide .Values.githubConfigSecret.github_token or .Values.githubConfigSecret.github_app_id." }}
{{- end }}
{{- if and $isApp (not (and (hasKey $data "github_app_installation_id") (hasKey $data "github_app_private_key"))) }}
{{- fail "A valid .Values.githubConfigSecret is required for setting auth with GitHub server, provide .Values.githubConfigSecret.github_app_installation_id and .Values.githubConfigSecret.github_app_private_key." }}
{{- end }}
{{- toYaml $data }}
{{- end }}
