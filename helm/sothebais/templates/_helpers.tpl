{{- /* Names, labels and what every pod of this chart has. */ -}}

{{- /* The release's name, cut so that suffixes fit in 63 characters. */ -}}
{{- define "sothebais.fullname" -}}
{{- if contains "sothebais" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-sothebais" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end -}}

{{- define "sothebais.tag" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- /* The image of a program: (list $ "operator"). */ -}}
{{- define "sothebais.image" -}}
{{- $root := index . 0 -}}
{{ $root.Values.image.repository }}/{{ index . 1 }}:{{ include "sothebais.tag" $root }}
{{- end -}}

{{- /* Labels that never change: (list $ "operator"). */ -}}
{{- define "sothebais.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: sothebais
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- /* All labels: (list $ "operator"). */ -}}
{{- define "sothebais.labels" -}}
{{- $root := index . 0 -}}
{{ include "sothebais.selector" . }}
app.kubernetes.io/part-of: sothebais
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- end -}}

{{- /* A pod that the restricted standard takes; `user` is a number: (list $ 65532). */ -}}
{{- define "sothebais.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ index . 1 }}
runAsGroup: {{ index . 1 }}
fsGroup: {{ index . 1 }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "sothebais.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "sothebais.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* A value that is made once and then kept in its Secret: (list $ "secret's name" "key" "new value"). */ -}}
{{- define "sothebais.kept" -}}
{{- $root := index . 0 -}}
{{- $found := lookup "v1" "Secret" $root.Release.Namespace (index . 1) -}}
{{- if and $found (hasKey ($found.data | default dict) (index . 2)) }}{{ index $found.data (index . 2) }}
{{- else }}{{ index . 3 | b64enc }}{{ end }}
{{- end -}}

{{- define "sothebais.operator" -}}
{{ include "sothebais.fullname" . }}-operator
{{- end -}}

{{- /* Names are looked up over port 53, wherever the cluster answers. */ -}}
{{- define "sothebais.dns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{- /* What the migrations Job does. */ -}}
{{- define "sothebais.migrations" -}}
backoffLimit: {{ .Values.migrations.backoffLimit }}
ttlSecondsAfterFinished: {{ .Values.migrations.ttlSecondsAfterFinished | int }}
template:
  metadata:
    labels: {{- include "sothebais.labels" (list $ "migrations") | nindent 6 }}
  spec:
    restartPolicy: OnFailure
    automountServiceAccountToken: false
    enableServiceLinks: false
    securityContext: {{- include "sothebais.podSecurity" (list $ 65532) | nindent 6 }}
    {{- include "sothebais.pullSecrets" . | nindent 4 }}
    containers:
      - name: migrate
        image: {{ include "sothebais.image" (list $ "sothebais") }}
        imagePullPolicy: {{ .Values.image.pullPolicy }}
        args: [migrate]
        securityContext: {{- include "sothebais.containerSecurity" . | nindent 10 }}
        env:
          - {name: LOG_FORMAT, value: json}
          - name: DATABASE_URL
            valueFrom: {secretKeyRef: {name: {{ .Values.database.secret }}, key: url}}
        {{- with .Values.migrations.resources }}
        resources: {{- toYaml . | nindent 10 }}
        {{- end }}
        volumeMounts:
          - {name: tmp, mountPath: /tmp}
    volumes:
      - name: tmp
        emptyDir: {sizeLimit: 64Mi}
{{- end }}
