module sothebais.io/tools/pods

go 1.25.0

tool (
	sothebais.io/tools/pods/pause
	sothebais.io/tools/pods/probe
)
