// SPDX-License-Identifier: Apache-2.0
// `otabahn deploy`: upload, sign, stream, document, job; then follow it.
#pragma once

#include "operator/session.hpp"

#include <string>
#include <vector>

namespace otabahn::operator_tool {

struct Deploy {
    std::string file, to, version;
    std::string job, profile, bucket, role;  // empty: the default
    std::string product, minimum_version;
    std::vector<std::string> hardware, parameters;  // parameters: NAME=VALUE
    bool wait = true;
};

// The exit code: 0 only if every execution SUCCEEDED (or it does not wait), 130 after Ctrl-C.
Result<int> deploy(Session& session, const Deploy& wanted);

}  // namespace otabahn::operator_tool
