//! A real Kubernetes on this machine, from programs built of Go modules: for tests and for `just cluster`.
