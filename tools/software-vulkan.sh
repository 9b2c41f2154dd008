#!/usr/bin/env bash
# Prints the path of a software Vulkan driver for VK_ICD_FILENAMES, installing it where that can be done, or nothing; says on
# standard error which it was. Never fails: without a driver the WebGPU tests are skipped, naming the reason.
#
# The driver is SwiftShader out of Debian's chromium-common: the lavapipe of Debian 12 lacks a feature that WebGPU asks for.
#
# usage: tools/software-vulkan.sh [DRIVER [SECONDS]]    (the seconds that an installation may take, default 300)
set -uo pipefail
driver=${1:-/usr/lib/chromium/vk_swiftshader_icd.json}
seconds=${2:-300}
packages="chromium-common libvulkan1"

found() {
  echo "WebGPU tests: $1" >&2
  echo "$2"
  exit 0
}
absent() {
  echo "WebGPU tests: skipped unless a graphics card is here, $1" >&2
  exit 0
}

[ -n "${VK_ICD_FILENAMES:-}" ] && found "on the driver that VK_ICD_FILENAMES names" "$VK_ICD_FILENAMES"
[ -e "$driver" ] && found "on SwiftShader, which is installed" "$driver"
command -v apt-get >/dev/null || absent "since there is no apt-get to install SwiftShader with"
[ "$(id -u)" = 0 ] || absent "since only root can install SwiftShader ($packages)"

install="apt-get update && apt-get install -y --no-install-recommends $packages"
DEBIAN_FRONTEND=noninteractive timeout "$seconds" bash -c "$install" >/dev/null 2>&1
status=$?
[ -e "$driver" ] && found "on SwiftShader, just installed" "$driver"
[ "$status" = 124 ] && absent "since SwiftShader was not installed within $seconds s"
[ "$status" = 0 ] && absent "since $packages are installed and hold no $driver"
absent "since $packages cannot be installed (apt-get exited with $status)"
