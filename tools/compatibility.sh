#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: compatibility.sh OTABAHN   docs/compatibility.md on standard output: what is bound, as the program says, then the choices.
set -eu
echo "# Compatibility"
echo
echo "Made by \`make docs\` from what is bound and docs/choices.md; not edited."
echo
"$1" compatibility
cat "$(dirname "$0")/../docs/choices.md"
