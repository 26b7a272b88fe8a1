#!/usr/bin/env bash
# install-code-server.sh VERSION FOLDER: code-server, which is VS Code served to a browser, from npm. Its one native part that
# the server itself needs (argon2) is built here; the terminal's and the file watcher's are left out, no test uses them.
# Needs node, npm, a C++ compiler and ripgrep.
set -euo pipefail
version=$1 folder=$2
mkdir -p "$folder"
cd "$folder"
[ -f package.json ] || echo '{"private":true}' >package.json
export JOBS=2
quiet=(--no-audit --no-fund --loglevel=error)

npm install "${quiet[@]}" --ignore-scripts --no-save "code-server@$version"
root=$PWD/node_modules/code-server
code=$root/lib/vscode
(cd "$code" && npm install "${quiet[@]}" --ignore-scripts --omit=dev)
(cd "$code/extensions" && npm install "${quiet[@]}" --ignore-scripts --omit=dev)

# What code-server's own post-install script does.
ln -sfn node_modules "$code/node_modules.asar"
ln -sf code-linux.sh "$code/bin/remote-cli/code-server"
ln -sf browser-linux.sh "$code/bin/helpers/browser.sh"
mkdir -p "$code/node_modules/@vscode/ripgrep/bin"
ln -sf "$(command -v rg)" "$code/node_modules/@vscode/ripgrep/bin/rg"

# argon2's own install script, by hand: newer npm does not run the scripts of packages that nobody approved. With node's headers
# on this machine nothing is downloaded for the build.
node_prefix=$(dirname "$(dirname "$(command -v node)")")
headers=()
[ -e "$node_prefix/include/node/node_api.h" ] && headers=("--nodedir=$node_prefix")
cd "$folder/node_modules/argon2"
node ../@mapbox/node-pre-gyp/bin/node-pre-gyp install --build-from-source "${headers[@]}"
