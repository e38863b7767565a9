// SPDX-License-Identifier: Apache-2.0
// The operator's commands on the command line (design, section 3). They speak AWS's APIs alone, so the same line works on
// AWS and on otabahn serve.
#pragma once

namespace CLI {
class App;
}

namespace otabahn::operator_tool {

// Adds `thing`, `signing`, `deploy` and `watch`. The command that is given runs inside the parse and sets `outcome` to its exit code.
void declare_commands(CLI::App& app, int& outcome);

}  // namespace otabahn::operator_tool
