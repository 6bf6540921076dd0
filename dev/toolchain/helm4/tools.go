//go:build tools

// Package helm4 pins Helm 4, whose dependencies do not agree with those of the other tools.
package helm4

import _ "helm.sh/helm/v4/cmd/helm"
